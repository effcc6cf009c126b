import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type IssuerAnswer, jsonAnswer } from './issuer-answer.js';
import { listen, portOf, send, shut } from './loopback-server.js';

export interface DevManagedIdentityDeps {
  readonly tokenFor: (resource: string) => { readonly token: string; readonly expiresIn: number } | null;
  /** Milliseconds. */
  readonly now: () => number;
}

/** With a slash at the end when the host was told by the environment. */
const PATH = /^\/metadata\/identity\/oauth2\/token\/?$/;

/** The endpoint that virtual machines of Azure have on a link-local address, on loopback here: plain HTTP, `Metadata: true`. */
export class DevManagedIdentity {
  /** Answers every request with this status; `null`: none. */
  status: number | null = null;
  requests = 0;
  private server: Server | null = null;

  constructor(private readonly deps: DevManagedIdentityDeps) {}

  /** What AZURE_POD_IDENTITY_AUTHORITY_HOST has to be. */
  async start(): Promise<string> {
    this.server = await listen({ host: '127.0.0.1', port: 0 }, (request, response) => void this.serve(request, response));
    return `http://127.0.0.1:${String(portOf(this.server))}`;
  }

  async stop(): Promise<void> {
    if (this.server !== null) await shut(this.server);
  }

  private serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    return send(response, this.answer(request), false);
  }

  private answer(request: IncomingMessage): IssuerAnswer {
    const url = new URL(request.url ?? '/', 'http://metadata');
    if (this.status !== null) return jsonAnswer({ error: 'stand_in', error_description: 'Turned by a knob.' }, this.status);
    if (request.headers['metadata'] !== 'true') {
      return jsonAnswer({ error: 'bad_request_102', error_description: 'Required metadata header not specified' }, 400);
    }
    const resource = url.searchParams.get('resource') ?? '';
    const given = PATH.test(url.pathname) ? this.deps.tokenFor(resource) : null;
    if (given === null) return jsonAnswer({ error: 'invalid_request', error_description: 'Identity not found' }, 400);
    const expiresOn = String(Math.floor(this.deps.now() / 1000) + given.expiresIn);
    return jsonAnswer({ access_token: given.token, expires_on: expiresOn, resource, token_type: 'Bearer' });
  }
}
