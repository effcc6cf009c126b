import { isJsonObject, type JsonObject } from './json-object.js';
import { MetadataFault } from './metadata-fault.js';
import type { FetchLimits, GuardedHttp } from './outbound/guarded.http.js';
import type { VettedHost } from './outbound/outbound.guard.js';

const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json$/i;

export interface JsonDocument {
  readonly content: JsonObject;
  readonly reach: VettedHost['reach'];
}

/**
 * Fetches a JSON object and nothing else: only a whole 200 answer of a JSON type counts.
 *
 * @throws MetadataFault
 */
export async function fetchJsonDocument(http: Pick<GuardedHttp, 'get'>, url: URL, limits: FetchLimits): Promise<JsonDocument> {
  const { contentType, body, reach } = await http.get(url, limits);
  const type = contentType.split(';')[0]?.trim() ?? '';
  if (!JSON_TYPE.test(type)) throw new MetadataFault('content-type', `${url.href} is not of a JSON type`);
  return { content: parse(url, body), reach };
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
