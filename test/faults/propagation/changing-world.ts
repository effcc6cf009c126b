import { createHash, randomUUID } from 'node:crypto';
import { type Host, startHost } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { TcpProxy } from '#devkit/tcp-proxy/tcp-proxy.js';
import type { DatabaseSettings } from '#utilities/config/contract.js';
import { basic, exchangeForm, post } from '../../support/callers.js';
import { postJson } from '../../support/checks.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../../support/service.js';

const READ = 'billing:invoice:read';
const FRONT_END = 'front-end';
const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000003', transport: 'cli' } as const;

/** Somebody with one role and with nothing else, so that every kind of change shows in nobody but those it is about. */
interface Person {
  readonly key: string;
  readonly objectId: string;
}

/** What there is to be refused: a person's exchange, and checks by token and by key. */
export interface Refusals {
  readonly exchange: string;
  readonly checkByToken: string;
  readonly checkByKey: string;
}

/** Three replicas of the whole service on one database, and changes that each takes something from one person. */
export class ChangingWorld {
  readonly replicas: Host[] = [];
  private readonly proxies: TcpProxy[] = [];
  private readonly people = new Map<string, Person>();
  /** A token of ours for each, issued while all was well. */
  private readonly tokens = new Map<string, string>();

  /** Whether the application of administration is there: it comes with the first operator. */
  private hasDoor = false;

  private constructor(private readonly service: TestService) {}

  static async open(database: DatabaseSettings): Promise<ChangingWorld> {
    const world = new ChangingWorld(await startService({ database }));
    world.replicas.push(world.service.host, await world.service.another(), await world.service.another());
    return world;
  }

  /** The writer and two others that hear no announcements: the connections on which they listen are cut, all others are not. */
  static async openDeaf(database: DatabaseSettings): Promise<ChangingWorld> {
    if (database.kind !== 'postgres') throw new Error('only PostgreSQL announces');
    const world = new ChangingWorld(await startService({ database }));
    world.replicas.push(await world.deafReplica(database.url), await world.deafReplica(database.url));
    for (const proxy of world.proxies) proxy.cut();
    return world;
  }

  /** Whether every connection on which another replica listens is down. */
  get isDeaf(): boolean {
    return this.proxies.length > 0 && this.proxies.every(({ open }) => open === 0);
  }

  /** Registers people with one role each, and has each replica answer about each of them once. */
  async settle(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.people.set(key, { key, objectId: randomUUID() });
    await this.service.apply({
      ...this.frame(),
      subjects: this.subjects(),
      assignments: keys.map((key) => this.assignment(key)),
    });
    await this.service.apply({ ...this.frame(), policies: [this.policy(keys)] });
    for (const key of keys) this.tokens.set(key, await this.tokenOf(key));
    for (const replica of this.replicas) {
      for (const key of keys) {
        const answer = await this.refusals(replica, key);
        if (Object.values(answer).some((code) => code !== 'granted')) throw new Error(`${key}: ${JSON.stringify(answer)}`);
      }
    }
  }

  disableSubject(key: string): Promise<void> {
    return this.service.apply({
      ...this.frame(),
      subjects: this.subjects([key]).map((each) => ({ ...each, status: 'disabled' })),
    });
  }

  revokeRole(key: string): Promise<void> {
    return this.service.apply({ ...this.frame(), assignments: [{ ...this.assignment(key), state: 'revoked' }] });
  }

  /** A policy without this person's role. */
  activatePolicyWithout(key: string): Promise<void> {
    return this.service.apply({
      ...this.frame(),
      policies: [this.policy([...this.people.keys()].filter((each) => each !== key))],
    });
  }

  disableClient(): Promise<void> {
    return this.service.apply({ ...this.frame(), clients: [{ ...this.client(), status: 'disabled' }] });
  }

  disableIssuer(): Promise<void> {
    const [issuer] = this.frame().issuers;
    return this.service.apply({ ...this.frame(), issuers: [{ ...issuer, status: 'disabled' }] });
  }

  /** Makes somebody the first operator; answers what each replica says to the operator's token. */
  async appointOperator(): Promise<(replica: Host) => Promise<string>> {
    const { host, identityProvider, secret } = this.service;
    const oid = randomUUID();
    const operator = { cloud: identityProvider.cloud.name, tid: DEV_DIRECTORY_ID, oid };
    await host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator });
    this.hasDoor = true;
    await this.service.apply(this.frame());
    const subject = identityProvider.issue({ persona: 'alice', overrides: { oid } });
    const form = exchangeForm(subject, { audience: 'countersign', tenant: 'platform' });
    const { body } = await post(host, form, { authorization: basic(FRONT_END, secret) });
    const authorization = `Bearer ${String(body['access_token'] ?? body['code'])}`;
    return async (replica) => {
      const answer = await fetch(`${replica.httpUrl}/admin/v1/keys`, { headers: { authorization } });
      return answer.ok ? 'let in' : ((await answer.json()) as { readonly code: string }).code;
    };
  }

  revokeOperator(): Promise<void> {
    const assignment = { tenant: 'platform', principal: 'subject:first-operator', role: 'operator', state: 'revoked' };
    return this.service.apply({ ...this.frame(), assignments: [assignment] });
  }

  async refusals(replica: Host, key: string): Promise<Refusals> {
    const [exchange, checkByToken, checkByKey] = await Promise.all([
      this.exchange(replica, key),
      this.check(replica, { subject_token: this.tokens.get(key) ?? '' }),
      this.check(replica, { subject: { key }, tenant: 'acme' }),
    ]);
    return { exchange: exchange.code, checkByToken, checkByKey };
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.filter((each) => each !== this.service.host).map((each) => each.stop()));
    await this.service.stop();
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
  }

  private async deafReplica(url: string): Promise<Host> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ target: { host: hostname, port: Number(port) } });
    this.proxies.push(proxy);
    const address = await proxy.start();
    const directUrl = new URL(url);
    directUrl.host = `${address.host}:${String(address.port)}`;
    const { settings } = this.service;
    const database = { kind: 'postgres', url, poolSize: 4, directUrl: directUrl.href } as const;
    const anyPort = { http: { ...settings.http, port: 0 }, grpc: { ...settings.grpc, port: 0 } };
    return startHost({ ...settings, ...anyPort, database }, { migrate: false, unsafeRole: 'step-down' });
  }

  private async tokenOf(key: string): Promise<string> {
    const { token, code } = await this.exchange(this.service.host, key);
    if (token === undefined) throw new Error(`no token for ${key}: ${code}`);
    return token;
  }

  private async exchange(replica: Host, key: string): Promise<{ readonly code: string; readonly token?: string }> {
    const oid = this.people.get(key)?.objectId ?? '';
    const subject = this.service.identityProvider.issue({ persona: 'alice', overrides: { oid } });
    const form = exchangeForm(subject, { audience: SAMPLE_AUDIENCE });
    const { body } = await post(replica, form, { authorization: basic(FRONT_END, this.service.secret) });
    const token = body['access_token'];
    return token === undefined ? { code: String(body['code']) } : { code: 'granted', token: String(token) };
  }

  private async check(replica: Host, about: object): Promise<string> {
    const asked = { ...about, items: [{ permission: READ }] };
    const { body } = await postJson(replica, '/v1/check', basic(FRONT_END, this.service.secret), asked);
    const [result] = (body['results'] ?? []) as readonly { readonly code: string }[];
    return result?.code ?? String(body['code']);
  }

  private frame() {
    const issuers = sampleDocument(this.service.identityProvider.cloud, '')['issuers'] as readonly object[];
    return { apiVersion: 'countersign/v1', tenants: [{ slug: 'acme' }], issuers, clients: [this.client()] };
  }

  private client() {
    return {
      clientId: FRONT_END,
      secretSha256: [createHash('sha256').update(this.service.secret).digest('hex')],
      presents: {
        own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }],
        audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }],
      },
      targets: [
        { audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] },
        ...(this.hasDoor ? [{ audience: 'countersign', scopes: ['countersign:**'] }] : []),
      ],
      checks: [SAMPLE_AUDIENCE],
    };
  }

  private subjects(keys: readonly string[] = [...this.people.keys()]): readonly object[] {
    return keys.map((key) => ({
      tenant: 'acme',
      key,
      kind: 'user',
      identities: [{ issuer: 'devkit', directory: DEV_DIRECTORY_ID, id: this.people.get(key)?.objectId }],
    }));
  }

  private assignment(key: string): object {
    return { tenant: 'acme', principal: `subject:${key}`, role: `role-of-${key}` };
  }

  private policy(keys: readonly string[]): object {
    return { tenant: 'acme', name: 'main', roles: Object.fromEntries(keys.map((key) => [`role-of-${key}`, { grants: [READ] }])) };
  }
}
