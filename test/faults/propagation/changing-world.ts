import { createHash, randomUUID } from 'node:crypto';
import type { Host } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { TcpProxy } from '#devkit/tcp-proxy/tcp-proxy.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { DatabaseSettings } from '#utilities/config/contract.js';
import { basic, exchangeForm, post } from '../../support/callers.js';
import { postJson } from '../../support/checks.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../../support/service.js';
import { ServiceReplica } from './service.replica.js';

const READ = 'billing:invoice:read';
const FRONT_END = 'front-end';
const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000003', transport: 'cli' } as const;
const MAIN_ISSUER = 'devkit';
/** Processes beside the one that writes. */
const OTHERS = 2;

/** Somebody with one role and with nothing else, so that every kind of change shows in nobody but those it is about. */
interface Person {
  readonly key: string;
  readonly objectId: string;
  /** By which both the token and the caller come; each is disabled for those that it is about alone. */
  readonly issuer: string;
  readonly client: string;
}

/** Where a replica answers. */
export type Place = Pick<Host, 'httpUrl'>;

/** Who is settled, and by which issuer and client if not by the usual ones. */
export type Newcomer = Pick<Person, 'key'> & Partial<Pick<Person, 'issuer' | 'client'>>;

/** What there is to be refused: a person's exchange, and checks by token and by key. */
export interface Refusals {
  readonly exchange: string;
  readonly checkByToken: string;
  readonly checkByKey: string;
}

/**
 * Three replicas of the whole service, each an operating-system process, on one PostgreSQL; and changes that each take something
 * from one person. This process makes the changes; the others hear of them on connections that can be cut.
 */
export class ChangingWorld {
  readonly replicas: Place[] = [];
  private readonly others: ServiceReplica[] = [];
  private readonly proxies: TcpProxy[] = [];
  private readonly people = new Map<string, Person>();
  private readonly directories = new Map([[MAIN_ISSUER, DEV_DIRECTORY_ID]]);
  private readonly clients = new Set([FRONT_END]);
  private readonly disabled = new Set<string>();
  private readonly withoutRole = new Set<string>();
  private readonly revoked = new Set<string>();
  /** A token of ours for each, issued while all was well. */
  private readonly tokens = new Map<string, string>();

  /** Whether the application of administration is there: it comes with the first operator. */
  private hasDoor = false;

  private constructor(
    private readonly service: TestService,
    /** Vouches for everybody who does not come by the usual issuer. */
    private readonly identityProvider: EntraDevIssuer,
  ) {}

  static async open(database: DatabaseSettings, newcomers: readonly Newcomer[]): Promise<ChangingWorld> {
    if (database.kind !== 'postgres') throw new Error('processes share a PostgreSQL alone');
    const issuers = [...new Set(newcomers.flatMap(({ issuer }) => issuer ?? []))];
    const directories = new Map(issuers.map((name) => [name, randomUUID()]));
    const identityProvider = new EntraDevIssuer({ clock: new SystemClock(), directoryIds: [...directories.values()] });
    const [service] = await Promise.all([startService({ database }), identityProvider.start()]);
    const world = new ChangingWorld(service, identityProvider);
    for (const [name, directory] of directories) world.directories.set(name, directory);
    await Promise.all(Array.from({ length: OTHERS }, () => world.addReplica(database.url)));
    world.replicas.push(service.host, ...world.others);
    await world.settle(newcomers);
    return world;
  }

  /** Of the processes, this one too. */
  get pids(): readonly number[] {
    return [process.pid, ...this.others.map(({ pid }) => pid)];
  }

  /** From now on the others hear no announcement: the connections on which they listen are cut, all others are not. */
  deafen(): void {
    for (const proxy of this.proxies) proxy.cut();
  }

  /** Whether every connection on which another replica listens is down. */
  get isDeaf(): boolean {
    return this.proxies.length === OTHERS && this.proxies.every(({ open }) => open === 0);
  }

  /** Whether every other replica listens. */
  get isHearing(): boolean {
    return this.proxies.length === OTHERS && this.proxies.every(({ open }) => open === 1);
  }

  disableSubject(key: string): Promise<void> {
    this.disabled.add(key);
    return this.service.apply({ ...this.frame(), subjects: this.subjects([key]) });
  }

  revokeRole(key: string): Promise<void> {
    this.revoked.add(key);
    return this.service.apply({ ...this.frame(), assignments: [this.assignment(key)] });
  }

  /** A policy without this person's role. */
  activatePolicyWithout(key: string): Promise<void> {
    this.withoutRole.add(key);
    return this.service.apply({ ...this.frame(), policies: [this.policy()] });
  }

  disableClient(name: string): Promise<void> {
    this.disabled.add(name);
    return this.service.apply(this.frame());
  }

  disableIssuer(name: string): Promise<void> {
    this.disabled.add(name);
    return this.service.apply(this.frame());
  }

  /** Makes somebody the first operator; answers what each replica says to the operator's token. */
  async appointOperator(): Promise<(replica: Place) => Promise<string>> {
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

  async refusals(replica: Place, key: string): Promise<Refusals> {
    const [exchange, checkByToken, checkByKey] = await Promise.all([
      this.exchange(replica, key),
      this.check(replica, key, { subject_token: this.tokens.get(key) ?? '' }),
      this.check(replica, key, { subject: { key }, tenant: 'acme' }),
    ]);
    return { exchange: exchange.code, checkByToken, checkByKey };
  }

  async close(): Promise<void> {
    await Promise.all(this.others.map((each) => each.end()));
    await this.service.stop();
    await this.identityProvider.stop();
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
  }

  private async addReplica(url: string): Promise<void> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ target: { host: hostname, port: Number(port) } });
    this.proxies.push(proxy);
    const address = await proxy.start();
    const directUrl = new URL(url);
    directUrl.host = `${address.host}:${String(address.port)}`;
    const { settings } = this.service;
    const database = { kind: 'postgres', url, poolSize: 4, directUrl: directUrl.href } as const;
    const anyPort = { http: { ...settings.http, port: 0 }, grpc: { ...settings.grpc, port: 0 } };
    this.others.push(await ServiceReplica.start({ ...settings, ...anyPort, database }));
  }

  /** Registers people with one role each, and has each replica answer about each of them once. */
  private async settle(newcomers: readonly Newcomer[]): Promise<void> {
    for (const { key, issuer = MAIN_ISSUER, client = FRONT_END } of newcomers) {
      this.people.set(key, { key, objectId: randomUUID(), issuer, client });
      this.clients.add(client);
    }
    const keys = [...this.people.keys()];
    await this.service.apply({
      ...this.frame(),
      subjects: this.subjects(keys),
      assignments: keys.map((key) => this.assignment(key)),
    });
    await this.service.apply({ ...this.frame(), policies: [this.policy()] });
    for (const key of keys) this.tokens.set(key, await this.tokenOf(key));
    await Promise.all(this.replicas.map((replica) => this.answersAll(replica, keys)));
  }

  private async answersAll(replica: Place, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const answer = await this.refusals(replica, key);
      if (Object.values(answer).some((code) => code !== 'granted')) throw new Error(`${key}: ${JSON.stringify(answer)}`);
    }
  }

  private async tokenOf(key: string): Promise<string> {
    const { token, code } = await this.exchange(this.service.host, key);
    if (token === undefined) throw new Error(`no token for ${key}: ${code}`);
    return token;
  }

  private async exchange(replica: Place, key: string): Promise<{ readonly code: string; readonly token?: string }> {
    const { objectId: oid, issuer, client } = this.person(key);
    const tid = this.directories.get(issuer) ?? '';
    const provider = issuer === MAIN_ISSUER ? this.service.identityProvider : this.identityProvider;
    const form = exchangeForm(provider.issue({ persona: 'alice', tid, overrides: { oid } }), { audience: SAMPLE_AUDIENCE });
    const { body } = await post(replica, form, { authorization: basic(client, this.service.secret) });
    const token = body['access_token'];
    return token === undefined ? { code: String(body['code']) } : { code: 'granted', token: String(token) };
  }

  private async check(replica: Place, key: string, about: object): Promise<string> {
    const asked = { ...about, items: [{ permission: READ }] };
    const { body } = await postJson(replica, '/v1/check', basic(this.person(key).client, this.service.secret), asked);
    const [result] = (body['results'] ?? []) as readonly { readonly code: string }[];
    return result?.code ?? String(body['code']);
  }

  private person(key: string): Person {
    const person = this.people.get(key);
    if (person === undefined) throw new Error(`nobody is called ${key}`);
    return person;
  }

  private statusOf(name: string): 'active' | 'disabled' {
    return this.disabled.has(name) ? 'disabled' : 'active';
  }

  private frame() {
    const [usual] = sampleDocument(this.service.identityProvider.cloud, '')['issuers'] as readonly object[];
    const issuers = [...this.directories].map(([name, id]) => ({
      ...usual,
      ...(name === MAIN_ISSUER ? {} : { cloud: { ...this.identityProvider.cloud, name: 'elsewhere' } }),
      name,
      directories: [{ id, tenant: 'acme' }],
      status: this.statusOf(name),
    }));
    return {
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
      issuers,
      clients: [...this.clients].map((name) => this.client(name)),
    };
  }

  private client(clientId: string) {
    const issuers = [...this.directories.keys()];
    return {
      clientId,
      status: this.statusOf(clientId),
      secretSha256: [createHash('sha256').update(this.service.secret).digest('hex')],
      presents: {
        own: issuers.map((issuer) => ({ issuer, id: DEV_SPA_CLIENT_ID })),
        audiences: issuers.map((issuer) => ({ issuer, id: DEV_API_CLIENT_ID })),
      },
      targets: [
        { audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] },
        ...(this.hasDoor ? [{ audience: 'countersign', scopes: ['countersign:**'] }] : []),
      ],
      checks: [SAMPLE_AUDIENCE],
    };
  }

  private subjects(keys: readonly string[]): readonly object[] {
    return keys.map((key) => {
      const { issuer, objectId: id } = this.person(key);
      const identities = [{ issuer, directory: this.directories.get(issuer), id }];
      return { tenant: 'acme', key, kind: 'user', identities, status: this.statusOf(key) };
    });
  }

  private assignment(key: string): object {
    const state = this.revoked.has(key) ? 'revoked' : 'active';
    return { tenant: 'acme', principal: `subject:${key}`, role: `role-of-${key}`, state };
  }

  private policy(): object {
    const keys = [...this.people.keys()].filter((key) => !this.withoutRole.has(key));
    return { tenant: 'acme', name: 'main', roles: Object.fromEntries(keys.map((key) => [`role-of-${key}`, { grants: [READ] }])) };
  }
}
