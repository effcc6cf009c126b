import type { LookupAddress } from 'node:dns';
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { LookupFunction } from 'node:net';
import { MetadataFault } from '../metadata-fault.js';
import type { OutboundGuard, VettedHost } from './outbound.guard.js';

export interface FetchLimits {
  readonly maxBytes: number;
  /** Ends the whole of it, wherever it waits. */
  readonly signal: AbortSignal;
}

export interface FetchedBody {
  readonly contentType: string;
  readonly body: Buffer;
  /** How public the address was that it came from. */
  readonly reach: VettedHost['reach'];
}

const HEADERS = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'countersign' };

/**
 * GET as it has to be where somebody else chose the address: vetted and pinned addresses, a new connection each time that goes
 * through no proxy and no pool, no redirects, no decompression, one time limit, one size limit that is counted on arrival.
 */
export class GuardedHttp {
  constructor(private readonly deps: { readonly guard: Pick<OutboundGuard, 'vet'> }) {}

  /** The body of a whole 200 answer. @throws MetadataFault */
  async get(url: URL, limits: FetchLimits): Promise<FetchedBody> {
    let request: ClientRequest | undefined;
    try {
      const host = await unlessAborted(this.deps.guard.vet(url), limits.signal);
      request = open(url, host.addresses, limits.signal);
      const response = await answerOf(request);
      refuseUnusable(url, response);
      const body = await readBody(url, response, limits);
      return { contentType: response.headers['content-type'] ?? '', body, reach: host.reach };
    } catch (error) {
      throw error instanceof MetadataFault ? error : transportFault(url, error, limits.signal);
    } finally {
      request?.destroy();
    }
  }
}

function open(url: URL, addresses: readonly LookupAddress[], signal: AbortSignal): ClientRequest {
  const send = url.protocol === 'https:' ? requestTls : requestPlain;
  // SECURITY: an agent of its own, so that neither a pool nor a proxy of the process decides where the connection goes.
  return send(url, { method: 'GET', agent: false, signal, headers: HEADERS, lookup: pinned(addresses) });
}

/** Answers what was vetted, whoever asks and whatever the name server would say now. */
function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, found) => {
    const [first] = addresses;
    if (options.all === true) found(null, [...addresses]);
    else found(null, first?.address ?? '', first?.family ?? 0);
  };
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve).on('error', reject);
    request.once('upgrade', () => {
      reject(new Error('it changed the protocol'));
    });
    request.end();
  });
}

function refuseUnusable(url: URL, { statusCode = 0, headers }: IncomingMessage): void {
  if (statusCode >= 300 && statusCode < 400) {
    throw new MetadataFault('redirect', `${url.href} answered ${String(statusCode)}; redirects are not followed`);
  }
  if (statusCode !== 200) throw new MetadataFault('status', `${url.href} answered ${String(statusCode)}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new MetadataFault('content-type', `${url.href} is compressed, which was not asked for`);
}

async function readBody(url: URL, response: IncomingMessage, { maxBytes }: FetchLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const body: AsyncIterable<Buffer> = response;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new MetadataFault('too-large', `${url.href} is over ${String(maxBytes)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A name look-up cannot be called off; it is left to itself. */
async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(new Error('aborted'));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function transportFault(url: URL, error: unknown, signal: AbortSignal): MetadataFault {
  if (signal.aborted) return new MetadataFault('timeout', `${url.href} did not answer in time`);
  return new MetadataFault('unreachable', `${url.href} could not be fetched: ${messageOf(error)}`);
}

/** Errors from Node's core are not `instanceof Error` in every realm. */
function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown error';
  if ('message' in error && typeof error.message === 'string' && error.message !== '') return error.message;
  return 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
