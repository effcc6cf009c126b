import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';

export interface VaultHttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface VaultHttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Where the answer came from: tells a private endpoint from the public one. */
  readonly remoteAddress: string;
}

export interface VaultHttpOptions {
  /** PEM of the only authorities to trust; `null`: those of the system. */
  readonly ca: string | null;
  readonly connectTimeoutMs: number;
  /** From the first byte sent to the last one received. */
  readonly timeoutMs: number;
  /** How names become addresses; default: as the system does it. */
  readonly lookup?: LookupFunction;
}

/** No connection, or no answer in time. `reason` is the code of the system, or one of the two of our own. */
export class VaultConnectionFault extends Error {
  override readonly name = 'VaultConnectionFault';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the connection failed: ${reason}`, options);
  }
}

export const NO_ANSWER_IN_TIME = 'TIMEOUT';
export const ANSWER_TOO_LARGE = 'ANSWER_TOO_LARGE';

const MOST_BYTES = 256 * 1024;
const MOST_CONNECTIONS = 64;

/**
 * One HTTPS exchange. Redirects are answers like any other and are never followed: the access token would go with them.
 * Proxies of the environment are not used.
 */
export class VaultHttp {
  private readonly agent: Agent;

  constructor(private readonly options: VaultHttpOptions) {
    const { ca, lookup } = options;
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: MOST_CONNECTIONS,
      minVersion: 'TLSv1.2',
      ...(ca === null ? {} : { ca }),
      ...(lookup === undefined ? {} : { lookup }),
    });
  }

  /** @throws VaultConnectionFault */
  send(request: VaultHttpRequest): Promise<VaultHttpAnswer> {
    return new Promise((resolve, reject) => {
      const sent = this.start(request);
      const fail = (cause: unknown): void => {
        reject(cause instanceof VaultConnectionFault ? cause : new VaultConnectionFault(reasonOf(cause), { cause }));
        sent.destroy();
      };
      const timer = setTimeout(() => fail(new VaultConnectionFault(NO_ANSWER_IN_TIME)), this.options.timeoutMs);
      sent.on('close', () => clearTimeout(timer));
      sent.on('error', fail);
      sent.on('response', (answer) => void collect(answer).then(resolve, fail));
      this.limitConnecting(sent, fail);
      sent.end(request.body);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private start({ method, url, headers, body }: VaultHttpRequest): ClientRequest {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options: RequestOptions = {
      method,
      agent: this.agent,
      headers: { accept: 'application/json', ...headers, ...length },
    };
    return httpsRequest(url, options);
  }

  private limitConnecting(sent: ClientRequest, fail: (cause: unknown) => void): void {
    const timer = setTimeout(() => fail(new VaultConnectionFault(NO_ANSWER_IN_TIME)), this.options.connectTimeoutMs);
    const connected = (): void => clearTimeout(timer);
    sent.on('close', connected);
    sent.on('socket', (socket) => {
      if (socket.connecting) socket.once('secureConnect', connected);
      else connected();
    });
  }
}

async function collect(answer: IncomingMessage): Promise<VaultHttpAnswer> {
  const remoteAddress = answer.socket.remoteAddress ?? '';
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    if (!Buffer.isBuffer(part)) continue;
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new VaultConnectionFault(ANSWER_TOO_LARGE);
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  return { status: answer.statusCode ?? 0, headers: answer.headers, text, remoteAddress };
}

function reasonOf(cause: unknown): string {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return 'UNKNOWN';
}
