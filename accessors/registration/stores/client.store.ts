import { PLATFORM_TENANT, type Dated } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { SecretDigest } from '../client-secret.check.js';
import type { ClientRegistration, ClientTarget, IssuerScopedId, RecordOutcome, RegisteredClient } from '../contract.js';

/** A client as it is kept in memory, with what its secrets are checked against. */
export interface StoredClient {
  readonly client: RegisteredClient;
  readonly isActive: boolean;
  /** Empty when the client is disabled: then nothing matches. */
  readonly digests: readonly SecretDigest[];
  /** Everything that was read, in one string: tells whether anything changed. */
  readonly content: string;
}

interface ClientContent {
  readonly status: 'active' | 'disabled';
  /** SHA-256 in hex, and wall-clock milliseconds or `null`. */
  readonly secrets: readonly (readonly [sha256: string, expiresAt: number | null])[];
  readonly own: readonly IssuerScopedId[];
  readonly listed: readonly IssuerScopedId[];
  readonly audience: readonly IssuerScopedId[];
  readonly targets: readonly ClientTarget[];
  readonly checks: readonly string[];
  readonly explains: boolean;
}

interface ClientRow {
  readonly epoch: string;
  readonly content: string | null;
}

const PRESENTERS = (relation: string): string => `(
    select coalesce(json_agg(json_build_object('issuer', p.issuer, 'id', p.external_id) order by p.issuer, p.external_id), '[]')
    from client_presenter p where p.tenant_id = c.tenant_id and p.client_id = c.client_id and p.relation = '${relation}')`;

/** One statement, so one snapshot; every list in one fixed order, so that what did not change reads the same. */
const CLIENT = `
  select
    coalesce((select epoch from data_epoch where tenant_id = $1), 0) as epoch,
    (select json_build_object(
      'status', c.status,
      'secrets', (
        select coalesce(json_agg(json_build_array(encode(s.sha256, 'hex'), floor(extract(epoch from s.expires_at) * 1000)) order by s.sha256), '[]')
        from client_secret s where s.tenant_id = c.tenant_id and s.client_id = c.client_id),
      'own', ${PRESENTERS('own')},
      'listed', ${PRESENTERS('listed')},
      'audience', ${PRESENTERS('audience')},
      'targets', (
        select coalesce(json_agg(json_build_object(
          'audience', t.audience, 'scopes', t.scopes, 'delegationCeiling', t.delegation_ceiling) order by t.audience), '[]')
        from client_target t where t.tenant_id = c.tenant_id and t.client_id = c.client_id),
      'checks', c.checks,
      'explains', c.explains
    )::text from oauth_client c where c.tenant_id = $1 and c.client_id = $2) as content`;

export class ClientStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** Answers the very `outdated` when nothing about the client changed. */
  async read(clientId: string, outdated: StoredClient | undefined): Promise<Dated<StoredClient>> {
    const [row] = await this.deps.database.prepared<ClientRow>('registration_client', CLIENT, [PLATFORM_TENANT, clientId]);
    if (row === undefined) throw new Error('the statement always answers a row');
    const epoch = Number(row.epoch);
    if (row.content === null) return { epoch, value: undefined };
    if (row.content === outdated?.content) return { epoch, value: outdated };
    return { epoch, value: toStored(clientId, row.content) };
  }

  /** Runs in the caller's unit of work. */
  async register(registration: ClientRegistration): Promise<RecordOutcome> {
    const { clientId } = registration;
    const { value: stored } = await this.read(clientId, undefined);
    if (stored === undefined) {
      await this.run(
        'insert into oauth_client (tenant_id, client_id, status, checks, explains) values ($1, $2, $3, $4, $5)',
        clientId,
        registration.status ?? 'active',
        ...checksOf(registration),
      );
      await this.replaceParts(registration);
      return 'created';
    }
    const content = parse(stored.content);
    if (JSON.stringify(canonical(content)) === JSON.stringify(canonical(toContent(registration, content)))) return 'unchanged';
    await this.run(
      `update oauth_client set status = coalesce($3, status), checks = $4, explains = $5
         where tenant_id = $1 and client_id = $2`,
      clientId,
      registration.status,
      ...checksOf(registration),
    );
    await this.replaceParts(registration);
    return 'updated';
  }

  private async replaceParts(registration: ClientRegistration): Promise<void> {
    const { clientId, secretSha256, targets } = registration;
    // A secret that stays keeps the date it was added and the one it ends.
    await this.run(
      `delete from client_secret where tenant_id = $1 and client_id = $2
         and not encode(sha256, 'hex') in (select jsonb_array_elements_text($3))`,
      clientId,
      JSON.stringify(secretSha256),
    );
    await this.run(
      `insert into client_secret (tenant_id, client_id, sha256)
         select distinct $1::uuid, $2, decode(hex, 'hex') from jsonb_array_elements_text($3) as hex on conflict do nothing`,
      clientId,
      JSON.stringify(secretSha256),
    );
    await this.run('delete from client_presenter where tenant_id = $1 and client_id = $2', clientId);
    await this.run(
      `insert into client_presenter (tenant_id, client_id, relation, issuer, external_id)
         select distinct $1::uuid, $2, relation, issuer, id from jsonb_to_recordset($3) as r (relation text, issuer text, id text)`,
      clientId,
      JSON.stringify(presentersOf(registration)),
    );
    await this.run('delete from client_target where tenant_id = $1 and client_id = $2', clientId);
    await this.run(
      `insert into client_target (tenant_id, client_id, audience, scopes, delegation_ceiling)
         select $1::uuid, $2, audience, scopes, ceiling
         from jsonb_to_recordset($3) as r (audience text, scopes text[], ceiling text[])`,
      clientId,
      JSON.stringify(
        targets.map((target) => ({ audience: target.audience, scopes: target.scopes, ceiling: target.delegationCeiling })),
      ),
    );
  }

  private run(sql: string, clientId: string, ...parameters: readonly unknown[]): Promise<object[]> {
    return this.deps.database.query(sql, [PLATFORM_TENANT, clientId, ...parameters]);
  }
}

function toStored(clientId: string, text: string): StoredClient {
  const content = parse(text);
  const digests = content.secrets.map(([sha256, expiresAt]) => ({ sha256: Buffer.from(sha256, 'hex'), expiresAt }));
  return {
    client: {
      clientId,
      ownPresenters: content.own,
      listedPresenters: content.listed,
      apiAudiences: content.audience,
      targets: content.targets,
      checks: content.checks,
      explains: content.explains,
    },
    isActive: content.status === 'active',
    digests: content.status === 'active' ? digests : [],
    content: text,
  };
}

function parse(content: string): ClientContent {
  return JSON.parse(content) as ClientContent;
}

/** What the registration would read like; the end of a secret is not part of a registration and stays. */
function toContent(registration: ClientRegistration, stored: ClientContent): ClientContent {
  const ends = new Map(stored.secrets);
  const [checks, explains] = checksOf(registration);
  return {
    status: registration.status ?? stored.status,
    secrets: [...new Set(registration.secretSha256)].map((sha256) => [sha256, ends.get(sha256) ?? null] as const),
    own: registration.ownPresenters,
    listed: registration.listedPresenters,
    audience: registration.apiAudiences,
    targets: registration.targets,
    checks,
    explains,
  };
}

/** Order and repeats mean nothing in any of these lists but the scopes of a target, which are kept as they are. */
function canonical(content: ClientContent): readonly unknown[] {
  return [
    content.status,
    sortedSet(content.secrets.map((secret) => JSON.stringify(secret))),
    ...[content.own, content.listed, content.audience].map((ids) =>
      sortedSet(ids.map(({ issuer, id }) => JSON.stringify([issuer, id]))),
    ),
    sortedSet(
      content.targets.map(({ audience, scopes, delegationCeiling }) => JSON.stringify([audience, scopes, delegationCeiling])),
    ),
    sortedSet(content.checks),
    content.explains,
  ];
}

/** What the client may ask of checks, as it is written: each audience once. */
function checksOf({ checks = [], explains = false }: ClientRegistration): [checks: string[], explains: boolean] {
  return [sortedSet(checks), explains];
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function presentersOf({ ownPresenters, listedPresenters, apiAudiences }: ClientRegistration): object[] {
  const related = (relation: string, ids: readonly IssuerScopedId[]): object[] =>
    ids.map(({ issuer, id }) => ({ relation, issuer, id }));
  return [...related('own', ownPresenters), ...related('listed', listedPresenters), ...related('audience', apiAudiences)];
}
