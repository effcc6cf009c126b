import { PLATFORM_TENANT, type Dated } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { ClientRegistration, ClientTarget, IssuerScopedId, RecordOutcome } from '../contract.js';
import { parseContent, sameContent, sortedSet, toContent, toStored, type StoredClient } from './client.content.js';

interface ClientRow {
  readonly epoch: string;
  readonly content: string | null;
}

const PRESENTERS = (relation: string): string => `(
    select coalesce(json_agg(json_build_object('issuer', p.issuer, 'id', p.external_id) order by p.issuer, p.external_id), '[]')
    from client_presenter p where p.tenant_id = c.tenant_id and p.client_id = c.client_id and p.relation = '${relation}')`;

/** Every list in one fixed order, so that what did not change reads the same. */
export const CLIENT_CONTENT = `json_build_object(
      'status', c.status,
      'kind', c.kind,
      'authentication', c.authentication,
      'origins', c.origins,
      'binding', c.binding,
      'secrets', (
        select coalesce(json_agg(json_build_array(encode(s.sha256, 'hex'), floor(extract(epoch from s.expires_at) * 1000)) order by s.sha256), '[]')
        from client_secret s where s.tenant_id = c.tenant_id and s.client_id = c.client_id),
      'own', ${PRESENTERS('own')},
      'listed', ${PRESENTERS('listed')},
      'audience', ${PRESENTERS('audience')},
      'serves', c.serves,
      'targets', (
        select coalesce(json_agg(json_strip_nulls(json_build_object(
          'audience', t.audience, 'scopes', t.scopes, 'delegationCeiling', t.delegation_ceiling,
          'hops', t.hops, 'impersonation', t.impersonation, 'tenantPairs', t.tenant_pairs)) order by t.audience), '[]')
        from client_target t where t.tenant_id = c.tenant_id and t.client_id = c.client_id),
      'checks', c.checks,
      'explains', c.explains,
      'gateway', c.gateway
    )::text`;

/** One statement, so one snapshot. */
const CLIENT = `
  select
    coalesce((select epoch from data_epoch where tenant_id = $1), 0) as epoch,
    (select ${CLIENT_CONTENT} from oauth_client c where c.tenant_id = $1 and c.client_id = $2) as content`;

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
        `insert into oauth_client (tenant_id, client_id, status, checks, explains, kind, authentication, origins, binding, serves, gateway)
           values ($1, $2, coalesce($3, 'active'), $4, $5, $6, $7, $8, $9, $10, $11)`,
        clientId,
        ...membersOf(registration),
      );
      await this.replaceParts(registration);
      return 'created';
    }
    const content = parseContent(stored.content);
    if (sameContent(content, toContent(registration, content))) return 'unchanged';
    await this.run(
      `update oauth_client set status = coalesce($3, status), checks = $4, explains = $5, kind = $6, authentication = $7,
         origins = $8, binding = $9, serves = $10, gateway = $11 where tenant_id = $1 and client_id = $2`,
      clientId,
      ...membersOf(registration),
    );
    await this.replaceParts(registration);
    return 'updated';
  }

  private async replaceParts(registration: ClientRegistration): Promise<void> {
    const { clientId, secretSha256, targets } = registration;
    if (secretSha256 !== null) await this.replaceSecrets(clientId, secretSha256);
    await this.run('delete from client_presenter where tenant_id = $1 and client_id = $2', clientId);
    await this.run(
      `insert into client_presenter (tenant_id, client_id, relation, issuer, external_id)
         select distinct $1::uuid, $2, relation, issuer, id from jsonb_to_recordset($3) as r (relation text, issuer text, id text)`,
      clientId,
      JSON.stringify(presentersOf(registration)),
    );
    await this.run('delete from client_target where tenant_id = $1 and client_id = $2', clientId);
    await this.run(
      `insert into client_target (tenant_id, client_id, audience, scopes, delegation_ceiling, hops, impersonation, tenant_pairs)
         select $1::uuid, $2, audience, scopes, ceiling, hops, impersonation, tenant_pairs
         from jsonb_to_recordset($3) as r (
           audience text, scopes text[], ceiling text[], hops jsonb, impersonation text[], tenant_pairs jsonb)`,
      clientId,
      JSON.stringify(targets.map(targetRow)),
    );
  }

  /** A secret that stays keeps the date it was added and the one it ends. */
  private async replaceSecrets(clientId: string, secretSha256: readonly string[]): Promise<void> {
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
  }

  private run(sql: string, clientId: string, ...parameters: readonly unknown[]): Promise<object[]> {
    return this.deps.database.query(sql, [PLATFORM_TENANT, clientId, ...parameters]);
  }
}

/** In the order of the statements. */
function membersOf(registration: ClientRegistration): readonly unknown[] {
  const {
    status,
    checks = [],
    explains = false,
    kind = 'confidential',
    authentication,
    origins = [],
    serves = [],
    gateway,
  } = registration;
  return [
    status,
    sortedSet(checks),
    explains,
    kind,
    authentication === undefined ? null : JSON.stringify(authentication),
    sortedSet(origins),
    registration.binding ?? null,
    sortedSet(serves),
    gateway === undefined ? null : JSON.stringify(gateway),
  ];
}

function targetRow({ delegationCeiling: ceiling, tenantPairs, hops, impersonation, ...target }: ClientTarget): object {
  return {
    ...target,
    ceiling,
    hops: filled(hops),
    impersonation: filled(impersonation),
    tenant_pairs: filled(tenantPairs),
  };
}

/** None is kept as nothing. */
function filled<Item>(list: readonly Item[] | undefined): readonly Item[] | null {
  return list === undefined || list.length === 0 ? null : list;
}

function presentersOf({ ownPresenters, listedPresenters, apiAudiences }: ClientRegistration): object[] {
  const related = (relation: string, ids: readonly IssuerScopedId[]): object[] =>
    ids.map(({ issuer, id }) => ({ relation, issuer, id }));
  return [...related('own', ownPresenters), ...related('listed', listedPresenters), ...related('audience', apiAudiences)];
}
