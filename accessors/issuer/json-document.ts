import { isJsonObject, type JsonObject } from './json-object.js';
import { MetadataFault } from './metadata-fault.js';

const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json$/i;

/**
 * Fetches a JSON object and nothing else. Redirects are never followed (CVE-2026-49478), the body is counted while it arrives,
 * and only a whole 200 answer of a JSON type counts.
 *
 * @throws MetadataFault
 */
export async function fetchJsonDocument(
  url: URL,
  limits: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<JsonObject> {
  const response = await request(url, limits.signal);
  try {
    if (response.status !== 200) throw new MetadataFault('status', `${url.href} answered ${String(response.status)}`);
    const type = response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
    if (!JSON_TYPE.test(type)) throw new MetadataFault('content-type', `${url.href} is not of a JSON type`);
    return parse(url, await readBody(url, response, limits));
  } finally {
    // Frees the connection of an answer that was refused; does nothing for one that was read.
    void response.body?.cancel().catch(() => undefined);
  }
}

async function request(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      signal,
      redirect: 'error',
      headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'countersign' },
    });
  } catch (error) {
    throw transportFault(url, error, signal);
  }
}

async function readBody(
  url: URL,
  response: Response,
  limits: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const body: ReadableStream<Uint8Array> | null = response.body;
    for await (const chunk of body ?? []) {
      size += chunk.byteLength;
      if (size > limits.maxBytes) throw new MetadataFault('too-large', `${url.href} is over ${String(limits.maxBytes)} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof MetadataFault) throw error;
    throw transportFault(url, error, limits.signal);
  }
  return Buffer.concat(chunks);
}

function parse(url: URL, body: Buffer): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new MetadataFault('not-json', `${url.href} is not JSON`);
  }
  if (!isJsonObject(document)) throw new MetadataFault('not-json', `${url.href} is not a JSON object`);
  return document;
}

function transportFault(url: URL, error: unknown, signal: AbortSignal): MetadataFault {
  if (signal.aborted) return new MetadataFault('timeout', `${url.href} did not answer in time`);
  return new MetadataFault('unreachable', `${url.href} could not be fetched: ${rootMessage(error)}`);
}

/** `fetch` hides the real cause one level down; errors from Node's core are not `instanceof Error` in every realm. */
function rootMessage(error: unknown): string {
  const inner = isJsonObject(error) && isJsonObject(error['cause']) ? error['cause'] : error;
  return isJsonObject(inner) && typeof inner['message'] === 'string' ? inner['message'] : 'unknown error';
}
