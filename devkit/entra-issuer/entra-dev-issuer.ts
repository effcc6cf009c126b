import { randomBytes, randomInt } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { EntraCloud } from '#accessors/issuer/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { DirectoryEndpoints } from './directory.endpoints.js';
import { DirectoryState } from './directory-state.js';
import { entraError } from './entra-error.js';
import { spoilDiscovery, spoilKeys } from './garbage.js';
import { type IssuerAnswer, jsonAnswer, STAND_IN } from './issuer-answer.js';
import { CALM, type IssuerKnobs, parseKnobs, type Rotation } from './issuer-knobs.js';
import { listen, type Listening, portOf, readBody, send, shut } from './loopback-server.js';
import { DevManagedIdentity } from './managed-identity.js';
import { discoveryAnswer, isSharedAuthority, issuerOf, jwksAnswer } from './metadata-documents.js';
import { personaClaims, type TokenVersion } from './persona-claims.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, type PersonaName, personaNamed } from './personas.js';
import { SigningKeys } from './signing-keys.js';
import { TokenEndpoint } from './token-endpoint.js';

export interface IssueRequest {
  readonly persona: PersonaName;
  /** Default 2. */
  readonly version?: TokenVersion;
  /** Default: the API of the devkit, in the form that the version has. */
  readonly audience?: string;
  /** Default: the front end for people, the service itself for `svc-billing`. */
  readonly clientId?: string;
  /** Claims to set; `undefined` takes one away. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Header members to set; `undefined` takes one away. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly lifetimeSeconds?: number;
  /** Directory id. Default: the first of the issuer. */
  readonly tid?: string;
}

export interface EntraDevIssuerDeps {
  readonly clock: Clock;
  /** Directories that it answers for. Default: the one of the devkit. */
  readonly directoryIds?: readonly string[];
}

const ROUTES: readonly {
  readonly method: string;
  readonly path: RegExp;
  readonly name: 'discovery' | 'keys' | 'token';
  readonly version: TokenVersion;
}[] = [
  { method: 'GET', path: /^\/([^/]+)\/\.well-known\/openid-configuration$/, name: 'discovery', version: 1 },
  { method: 'GET', path: /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/, name: 'discovery', version: 2 },
  { method: 'GET', path: /^\/([^/]+)\/discovery\/keys$/, name: 'keys', version: 1 },
  { method: 'GET', path: /^\/([^/]+)\/discovery\/v2\.0\/keys$/, name: 'keys', version: 2 },
  { method: 'POST', path: /^\/([^/]+)\/oauth2\/v2\.0\/token$/, name: 'token', version: 2 },
];

/**
 * A stand-in that is shaped like Microsoft Entra ID, for development and tests: v1 and v2 metadata, keys, a token endpoint,
 * made-up people, and knobs for everything that goes wrong in the real world. It signs whatever it is asked to and proves
 * nobody's identity. It listens on this machine alone.
 */
export class EntraDevIssuer {
  /** Of the one confidential client, `svc-billing`; new for each issuer. */
  readonly clientSecret = randomBytes(32).toString('base64url');
  /** Who is in which group, and who may ask. */
  readonly directory = new DirectoryState();
  private knobs = CALM;
  private server: Server | null = null;
  private listening: Listening | null = null;
  private base = '';
  private readonly keys = new SigningKeys();
  private readonly hitsByPath = new Map<string, number>();
  private readonly directoryIds: readonly string[];
  private readonly tokenEndpoint: TokenEndpoint;
  private readonly directoryEndpoints: DirectoryEndpoints;

  constructor(private readonly deps: EntraDevIssuerDeps) {
    this.directoryIds = deps.directoryIds ?? [DEV_DIRECTORY_ID];
    this.directoryEndpoints = new DirectoryEndpoints({
      state: this.directory,
      keys: this.keys,
      now: () => deps.clock.now(),
      base: () => this.base,
    });
    this.tokenEndpoint = new TokenEndpoint({
      clientSecret: this.clientSecret,
      now: () => deps.clock.now(),
      issue: ({ directoryId, ...order }) => this.issueWithLifetime({ ...order, tid: directoryId }),
    });
  }

  /** Makes its first key and listens. `banner` is the line to print where people see the process start. */
  async start(listening: Partial<Listening> = {}): Promise<{ readonly url: string; readonly banner: string }> {
    const { host = '127.0.0.1', port = 0 } = listening;
    await this.keys.add({ publishFirst: false });
    this.server = await listen({ ...listening, host, port }, (request, response) => void this.serve(request, response));
    this.listening = { ...listening, host, port: portOf(this.server) };
    const shownHost = host.includes(':') ? `[${host}]` : host;
    this.base = `${listening.tls === undefined ? 'http' : 'https'}://${shownHost}:${String(this.listening.port)}`;
    return { url: this.base, banner: `Entra-shaped issuer on ${this.base}. ${STAND_IN}.` };
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server !== null) await shut(server);
  }

  /** The cloud to register this issuer with. */
  get cloud(): EntraCloud {
    return { name: 'devkit', loginBase: this.base, v1IssuerBase: `${this.base}/sts` };
  }

  /** Any claims at all, signed: for what other issuers would vouch for. */
  signClaims(claims: Readonly<Record<string, unknown>>): string {
    return this.keys.sign({ typ: 'JWT', alg: 'RS256', kid: this.keys.signingKid }, claims);
  }

  /** A signed token for a persona, at once and without the network. */
  issue(request: IssueRequest): string {
    return this.issueWithLifetime(request).token;
  }

  /** Turns knobs; the others stay as they are. */
  async turn(knobs: Partial<IssuerKnobs>): Promise<void> {
    this.knobs = { ...this.knobs, ...knobs };
    if (this.listening === null) return;
    if (this.knobs.outage === 'refused') await this.stop();
    else this.server ??= await listen(this.listening, (request, response) => void this.serve(request, response));
  }

  /** Makes a new key and publishes it beside the others; it signs at once, or after `activateNewKey` if it is published first. */
  rotateKeys(rotation: { readonly publishFirst: boolean }): Promise<string> {
    return this.keys.add(rotation);
  }

  activateNewKey(): void {
    this.keys.activateNewest();
  }

  /** Publishes the signing key alone from now on. */
  dropOldKeys(): void {
    this.keys.dropOthers();
  }

  /** A managed identity that may read memberships: start it, and tell msal-node where it is. */
  managedIdentity(): DevManagedIdentity {
    return new DevManagedIdentity({
      now: () => this.deps.clock.now(),
      tokenFor: (resource) =>
        resource === this.base ? this.directoryEndpoints.managedIdentityToken(this.directoryIds[0] ?? DEV_DIRECTORY_ID) : null,
    });
  }

  get signingKid(): string {
    return this.keys.signingKid;
  }

  /** How many requests came in for paths that hold `part`; all without it. */
  hits(part = ''): number {
    let sum = 0;
    for (const [path, count] of this.hitsByPath) if (path.includes(part)) sum += count;
    return sum;
  }

  private issueWithLifetime(request: IssueRequest): { readonly token: string; readonly expiresIn: number } {
    const persona = personaNamed(request.persona);
    const { version = 2, tid = this.directoryIds[0] ?? DEV_DIRECTORY_ID } = request;
    const expiresIn = request.lifetimeSeconds ?? this.lifetimeSeconds();
    const claims = personaClaims(persona, {
      version,
      issuer: issuerOf(this.cloud, tid, version),
      directoryId: tid,
      audience: request.audience ?? (version === 1 ? `api://${DEV_API_CLIENT_ID}` : DEV_API_CLIENT_ID),
      clientId: request.clientId ?? (persona.kind === 'app' ? persona.clientId : DEV_SPA_CLIENT_ID),
      issuedAt: Math.floor(this.deps.clock.now() / 1000),
      lifetimeSeconds: expiresIn,
      v1IssuerBase: this.cloud.v1IssuerBase,
    });
    const kid = this.keys.signingKid;
    const header = { typ: 'JWT', alg: 'RS256', ...(version === 1 ? { x5t: kid } : {}), kid, ...request.header };
    return { token: this.keys.sign(header, { ...claims, ...request.overrides }), expiresIn };
  }

  /** As the real service: 60 to 90 minutes, so that tokens do not all end together. */
  private lifetimeSeconds(): number {
    return this.knobs.lifetimeSeconds ?? randomInt(3_600, 5_400);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/_knobs') return this.serveKnobs(request, response);
    this.hitsByPath.set(path, (this.hitsByPath.get(path) ?? 0) + 1);
    const { outage, slow } = this.knobs;
    if (outage === 'hang') return;
    if (slow.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, slow.delayMs));
    const answer = outage === 'error' ? jsonAnswer({ error: 'temporarily_unavailable' }, 500) : await this.answer(request, path);
    await send(response, answer, slow.drip);
  }

  private answer(request: IncomingMessage, path: string): Promise<IssuerAnswer> {
    const { authorization } = request.headers;
    const graph = this.directoryEndpoints.graphAnswer({ path, authorization, body: () => readBody(request) });
    return graph ?? this.route(request, path);
  }

  private async route(request: IncomingMessage, path: string): Promise<IssuerAnswer> {
    for (const { method, path: pattern, name, version } of ROUTES) {
      const directoryId = pattern.exec(path)?.[1];
      if (directoryId === undefined || request.method !== method) continue;
      if (!this.answersFor(directoryId, name)) return this.unknownDirectory(directoryId);
      if (name === 'token') return this.tokenAnswer(directoryId, request);
      const { cloud, keys } = this;
      if (name === 'keys') return spoilKeys(jwksAnswer(cloud, keys, version), { mode: this.knobs.garbage, cloud, keys });
      return spoilDiscovery(discoveryAnswer(cloud, directoryId, version), { mode: this.knobs.garbage, cloud, keys });
    }
    return jsonAnswer({ error: 'not_found' }, 404);
  }

  private async tokenAnswer(directoryId: string, request: IncomingMessage): Promise<IssuerAnswer> {
    const form = new URLSearchParams((await readBody(request)) ?? '');
    return this.directoryEndpoints.tokenAnswer(directoryId, form) ?? this.tokenEndpoint.answer(directoryId, form);
  }

  private answersFor(directoryId: string, name: 'discovery' | 'keys' | 'token'): boolean {
    return this.directoryIds.includes(directoryId) || (name !== 'token' && isSharedAuthority(directoryId));
  }

  private unknownDirectory(directoryId: string): IssuerAnswer {
    const shown = /^[\w.-]{1,64}$/.test(directoryId) ? directoryId : 'of that name';
    return entraError({ error: 'invalid_request', code: 90002, text: `Tenant '${shown}' not found.` }, this.deps.clock.now());
  }

  private async serveKnobs(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return send(response, this.state(), false);
    // A page in somebody's browser cannot send this type without asking first.
    const isJson = request.headers['content-type']?.startsWith('application/json') === true;
    if (request.method !== 'POST' || !isJson) return send(response, jsonAnswer({ error: 'POST application/json' }, 415), false);
    const order = parseKnobs((await readBody(request)) ?? '');
    if (typeof order === 'string') return send(response, jsonAnswer({ error: order }, 400), false);
    await this.turn(order.knobs);
    if (order.rotate !== null) await this.rotateAs(order.rotate);
    return send(response, this.state(), false);
  }

  private async rotateAs(rotation: Rotation): Promise<void> {
    if (rotation === 'activate') this.activateNewKey();
    else if (rotation === 'drop-old') this.dropOldKeys();
    else await this.rotateKeys({ publishFirst: rotation === 'publish-first' });
  }

  private state(): IssuerAnswer {
    const { signingKid, publishedKids } = this.keys;
    return jsonAnswer({
      stand_in: STAND_IN,
      knobs: this.knobs,
      signingKid,
      publishedKids,
      hits: Object.fromEntries(this.hitsByPath),
    });
  }
}
