import { request as httpsRequest } from 'node:https';

type Json = Record<string, unknown>;

export interface VaultReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: Json;
}

export interface VaultAsk {
  /** Default: GET without a body, POST with one. */
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  /** Default: one that the vault takes; `null`: none. */
  readonly token?: string | null;
  /** Default: the vault that the caller is for. */
  readonly url?: string;
  readonly servername?: string;
}

interface VaultCallerDeps {
  readonly vaultUrl: () => string;
  /** PEM. */
  readonly ca: string;
  readonly token: () => string;
}

/** Asks a vault one thing over TLS and answers what it said, without any judgement: for tests of the stand-in itself. */
export class VaultCaller {
  constructor(private readonly deps: VaultCallerDeps) {}

  ask(path: string, { method, body, text: given, token, url, servername = 'localhost' }: VaultAsk = {}): Promise<VaultReply> {
    const full = path.includes('?') ? path : `${path}?api-version=7.4`;
    const bearer = token === undefined ? this.deps.token() : token;
    const sent = given ?? (body === undefined ? undefined : JSON.stringify(body));
    const options = {
      method: method ?? (sent === undefined ? 'GET' : 'POST'),
      ca: this.deps.ca,
      // A connection of its own for each request: what one fault did to a connection must not meet the next request.
      agent: false as const,
      servername,
      headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
    };
    return new Promise((resolve, reject) => {
      const target = full.startsWith('https:') ? full : `${url ?? this.deps.vaultUrl()}${full}`;
      const request = httpsRequest(target, options, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          const isJson = text !== '' && (response.headers['content-type']?.includes('json') ?? false);
          const json = isJson ? (JSON.parse(text) as Json) : {};
          resolve({ status: response.statusCode ?? 0, headers: response.headers, json });
        });
      });
      request.on('error', reject);
      request.end(sent);
    });
  }
}

/** A certificate as servers and clients take it: OpenSSL refuses PEM with an empty line in it. */
export function presentable(made: { readonly certificate: string; readonly privateKey: string }): {
  readonly cert: string;
  readonly key: string;
} {
  return { cert: made.certificate.replace(/\n{2,}/g, '\n'), key: made.privateKey };
}
