import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { DirectoryFault } from './directory-fault.js';
import { errorMember } from './error-member.js';

export interface OutboundCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the call early, on top of its own time limit. */
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface OutboundSenderDeps {
  /**
   * The only origins that may be called, from configuration. `platform`: whatever the platform's managed identity endpoint is,
   * which msal-node takes from the environment of the process and which speaks plain HTTP.
   */
  readonly origins: ReadonlySet<string> | 'platform';
  /** PEM of the only authorities to trust; `null`: those of the system. */
  readonly ca: string | null;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const IDLE_MS = 30_000;
const MAX_SOCKETS = 16;

/** Sends one request: HTTPS to known origins, no redirects, no proxy, one time limit for all of it, a limited body. */
export class OutboundSender {
  private readonly agent: Agent;
  private readonly plainAgent = new HttpAgent();

  constructor(private readonly deps: OutboundSenderDeps) {
    this.agent = new Agent({
      keepAlive: true,
      timeout: IDLE_MS,
      maxSockets: MAX_SOCKETS,
      minVersion: 'TLSv1.2',
      ...(deps.ca === null ? {} : { ca: deps.ca }),
    });
  }

  /** @throws DirectoryFault `unavailable`, or `misconfigured` for an address that may not be called */
  async send(call: OutboundCall): Promise<OutboundAnswer> {
    const url = this.allowed(call.url);
    const limit = AbortSignal.timeout(this.deps.timeoutMs);
    const signal = call.signal === undefined ? limit : AbortSignal.any([limit, call.signal]);
    try {
      return await this.exchange(url, call, signal);
    } catch (error) {
      // The other side closed a kept connection just as it was used again; it has seen nothing of the request.
      if (!signal.aborted && isStaleConnection(error)) return this.exchange(url, call, signal).catch(asFault(url, signal));
      return asFault(url, signal)(error);
    }
  }

  private allowed(text: string): URL {
    const url = new URL(text);
    const { origins } = this.deps;
    if (origins === 'platform' ? isPlatform(url) : url.protocol === 'https:' && origins.has(url.origin)) return url;
    throw new DirectoryFault('misconfigured', `an address outside the configuration was to be called: ${url.origin}`);
  }

  private exchange(url: URL, call: OutboundCall, signal: AbortSignal): Promise<OutboundAnswer> {
    const secure = url.protocol === 'https:';
    const options: RequestOptions = {
      method: call.method,
      headers: { ...call.headers, ...(call.body === undefined ? {} : { 'content-length': Buffer.byteLength(call.body) }) },
      agent: secure ? this.agent : this.plainAgent,
      signal,
    };
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
        this.read(response).then(resolve, reject);
      });
      request.on('error', (error) => {
        reject(request.reusedSocket ? Object.assign(error, { staleConnection: true }) : error);
      });
      request.end(call.body);
    });
  }

  private async read(response: IncomingMessage): Promise<OutboundAnswer> {
    const chunks: Buffer[] = [];
    let size = 0;
    const body: AsyncIterable<Buffer> = response;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > this.deps.maxBytes) throw new Error(`more than ${String(this.deps.maxBytes)} bytes`);
      chunks.push(chunk);
    }
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) if (typeof value === 'string') headers[name] = value;
    return { status: response.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString('utf8') };
  }
}

/** SECURITY: what is in the clear stays on this machine, or on the link-local address of its host. */
function isPlatform(url: URL): boolean {
  return url.protocol === 'https:' || /^(169\.254\.\d+\.\d+|127\.\d+\.\d+\.\d+|localhost)$/.test(url.hostname);
}

function isStaleConnection(error: unknown): boolean {
  return errorMember(error, 'staleConnection') === true && errorMember(error, 'code') === 'ECONNRESET';
}

function asFault(url: URL, signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    const told = errorMember(error, 'code') ?? errorMember(error, 'message');
    const why = signal.aborted || typeof told !== 'string' ? 'no answer in time' : told;
    throw new DirectoryFault('unavailable', `${url.host}: ${why}`);
  };
}
