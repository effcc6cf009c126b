import type { Database } from '#utilities/database/contract.js';
import type { Dated } from '#utilities/change-feed/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { RecordOutcome, SubjectFacts, TenantRecord, UpstreamIdentity } from '../contract.js';

interface FactRow {
  readonly epoch: string;
  readonly tenant_status: 'active' | 'suspended' | null;
  readonly subject_id: string | null;
  readonly subject_status: 'active' | 'disabled' | null;
  readonly primary_instance: string | null;
  readonly primary_id: string | null;
  readonly roles: string[] | null;
}

/** One statement, so one snapshot: the epoch is that of the very data beside it. */
const FACTS = `
  select
    coalesce((select epoch from data_epoch where tenant_id = $1), 0) as epoch,
    (select status from tenant where id = $1) as tenant_status,
    s.id as subject_id,
    s.status as subject_status,
    first_identity.instance as primary_instance,
    first_identity.external_id as primary_id,
    held.roles
  from (values (true)) as always
  left join subject_identity i on i.tenant_id = $1 and i.instance = $2 and i.external_id = $3
  left join subject s on s.tenant_id = $1 and s.id = i.subject_id
  left join lateral (
    select instance, external_id from subject_identity
    where tenant_id = $1 and subject_id = s.id order by position limit 1
  ) as first_identity on true
  left join lateral (
    select array_agg(distinct role_key order by role_key) as roles
    from (
      select s.id as principal_id, 'subject' as principal_type
      union all
      select group_id, 'group' from group_member where tenant_id = $1 and subject_id = s.id
    ) as principal
    join role_assignment a on a.tenant_id = $1 and a.state = 'active'
      and a.principal_id = principal.principal_id and a.principal_type = principal.principal_type
  ) as held on true`;

/** No identity can be stored under an empty id, so this finds nobody. */
const NOBODY: UpstreamIdentity = { instance: '', externalId: '' };

/** A lone half of a surrogate pair becomes another character in UTF-8; PostgreSQL stores no NUL. */
const UNSTORABLE = /[\p{Surrogate}\u0000]/u;

export class FactStore {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  async read(tenantId: string, identity: UpstreamIdentity): Promise<Dated<SubjectFacts>> {
    const { instance, externalId } = isStorable(identity) ? identity : NOBODY;
    const rows = await this.deps.database.prepared<FactRow>('facts_of_subject', FACTS, [tenantId, instance, externalId]);
    const [row] = rows;
    if (row === undefined) throw new Error('the statement always answers a row');
    const facts = toFacts(tenantId, row);
    return { epoch: facts.epoch, value: facts };
  }

  async registerTenant({ slug, status }: TenantRecord): Promise<{ id: string; outcome: RecordOutcome }> {
    const [there] = await this.deps.database.query<{ id: string; status: string }>(
      'select id, status from tenant where slug = $1 for no key update',
      [slug],
    );
    if (there !== undefined && (status === null || there.status === status)) return { id: there.id, outcome: 'unchanged' };
    if (there !== undefined) {
      await this.deps.database.query('update tenant set status = $2 where id = $1', [there.id, status]);
      return { id: there.id, outcome: 'updated' };
    }
    const id = this.deps.ids.ordered();
    await this.deps.database.query('insert into tenant (id, slug, status) values ($1, $2, $3)', [id, slug, status ?? 'active']);
    return { id, outcome: 'created' };
  }

  async registerGroup(tenantId: string, key: string): Promise<RecordOutcome> {
    const there = await this.deps.database.query('select 1 from subject_group where tenant_id = $1 and key = $2', [
      tenantId,
      key,
    ]);
    if (there.length > 0) return 'unchanged';
    await this.deps.database.query('insert into subject_group (tenant_id, id, key) values ($1, $2, $3)', [
      tenantId,
      this.deps.ids.ordered(),
      key,
    ]);
    return 'created';
  }

  /**
   * The ids of the tenants that are there, by slug. Their rows stay locked until the unit of work ends, so that two writers of
   * one tenant do not each compare with a state that the other is changing. Readers are not held up.
   */
  async lockTenants(slugs: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.deps.database.query<{ slug: string; id: string }>(
      'select slug, id from tenant where slug = any($1) order by id for no key update',
      [[...new Set(slugs)]],
    );
    return new Map(rows.map((row) => [row.slug, row.id]));
  }
}

function toFacts(tenantId: string, row: FactRow): SubjectFacts {
  return {
    tenantId,
    // A tenant that is not there gives nobody anything.
    tenantStatus: row.tenant_status ?? 'suspended',
    epoch: Number(row.epoch),
    subject: toSubject(row),
    roles: row.roles ?? [],
  };
}

function toSubject(row: FactRow): SubjectFacts['subject'] {
  if (row.subject_id === null || row.subject_status === null || row.primary_instance === null || row.primary_id === null)
    return null;
  return {
    id: row.subject_id,
    status: row.subject_status,
    primaryIdentity: { instance: row.primary_instance, externalId: row.primary_id },
  };
}

/** SECURITY: text that the wire encoding would alter must not be looked up, for it would find somebody else. */
function isStorable({ instance, externalId }: UpstreamIdentity): boolean {
  return isPlain(instance) && isPlain(externalId);
}

function isPlain(text: string): boolean {
  return !UNSTORABLE.test(text);
}
