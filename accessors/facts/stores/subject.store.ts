import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { RecordOutcome } from '../contract.js';
import { refuseImport } from '../import-fault.js';
import { inChunks } from './in-chunks.js';
import { changeOf, type StoredSubject, type SubjectChange, type WantedSubject } from './subject.state.js';

/** `value`: the items as a JSON array, which one statement turns into rows. */
const STORED = `
  select wanted.nr, s.id, s.kind, s.status,
    (select coalesce(jsonb_agg(jsonb_build_array(i.instance, i.external_id) order by i.position), '[]')
       from subject_identity i where i.tenant_id = s.tenant_id and i.subject_id = s.id) as identities,
    (select coalesce(jsonb_agg(g.key), '[]')
       from group_member m join subject_group g on g.tenant_id = m.tenant_id and g.id = m.group_id
       where m.tenant_id = s.tenant_id and m.subject_id = s.id) as groups
  from jsonb_to_recordset($1) as wanted (nr integer, tenant_id uuid, key text)
  join subject s on s.tenant_id = wanted.tenant_id and s.key = wanted.key`;

const UNKNOWN_GROUPS = `
  select wanted.tenant, wanted.key
  from jsonb_to_recordset($1) as wanted (tenant_id uuid, tenant text, key text)
  where not exists (select 1 from subject_group g where g.tenant_id = wanted.tenant_id and g.key = wanted.key)`;

const INSERT = `
  insert into subject (tenant_id, id, key, kind, status)
  select tenant_id, id, key, kind, coalesce(status, 'active')
  from jsonb_to_recordset($1) as r (tenant_id uuid, id uuid, key text, kind text, status text)`;

const UPDATE = `
  update subject s set kind = r.kind, status = coalesce(r.status, s.status)
  from jsonb_to_recordset($1) as r (tenant_id uuid, id uuid, kind text, status text)
  where s.tenant_id = r.tenant_id and s.id = r.id`;

const DROP_IDENTITIES = `
  delete from subject_identity i using jsonb_to_recordset($1) as r (tenant_id uuid, id uuid)
  where i.tenant_id = r.tenant_id and i.subject_id = r.id`;

const ADD_IDENTITIES = `
  insert into subject_identity (tenant_id, instance, external_id, subject_id, position)
  select tenant_id, instance, external_id, subject_id, position
  from jsonb_to_recordset($1) as r (tenant_id uuid, instance text, external_id text, subject_id uuid, position integer)
  on conflict (tenant_id, instance, external_id) do nothing
  returning subject_id`;

const TAKEN_IDENTITIES = `
  select r.instance, r.external_id, s.key as owner
  from jsonb_to_recordset($1) as r (tenant_id uuid, instance text, external_id text, subject_id uuid)
  join subject_identity i on i.tenant_id = r.tenant_id and i.instance = r.instance and i.external_id = r.external_id
  join subject s on s.tenant_id = i.tenant_id and s.id = i.subject_id
  where i.subject_id <> r.subject_id`;

/** A membership that stays keeps its window, which an import does not speak of. */
const DROP_MEMBERSHIPS = `
  delete from group_member m using jsonb_to_recordset($1) as r (tenant_id uuid, id uuid, groups jsonb), subject_group g
  where m.tenant_id = r.tenant_id and m.subject_id = r.id and g.tenant_id = m.tenant_id and g.id = m.group_id
    and not r.groups ? g.key`;

const ADD_MEMBERSHIPS = `
  insert into group_member (tenant_id, subject_id, group_id)
  select r.tenant_id, r.subject_id, g.id
  from jsonb_to_recordset($1) as r (tenant_id uuid, subject_id uuid, key text)
  join subject_group g on g.tenant_id = r.tenant_id and g.key = r.key
  on conflict (tenant_id, subject_id, group_id) do nothing`;

export class SubjectStore {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  /** Each of these runs in the caller's unit of work, which holds the locks of the tenants. */
  async register(subjects: readonly WantedSubject[]): Promise<RecordOutcome[]> {
    await this.refuseUnknownGroups(subjects);
    const stored = await this.stored(subjects);
    const changes = subjects.map((wanted, index) => changeOf(wanted, stored.get(index), () => this.deps.ids.ordered()));
    await this.write(changes.filter((change) => change !== undefined));
    return changes.map((change) => (change === undefined ? 'unchanged' : change.created ? 'created' : 'updated'));
  }

  private async refuseUnknownGroups(subjects: readonly WantedSubject[]): Promise<void> {
    const groups = new Map(
      subjects.flatMap(({ tenantId, record, groups }) =>
        groups.map((key) => [`${tenantId}/${key}`, { tenant_id: tenantId, tenant: record.tenant, key }] as const),
      ),
    );
    const unknown = await this.each<{ tenant: string; key: string }>(UNKNOWN_GROUPS, [...groups.values()]);
    refuseImport(unknown.map(({ tenant, key }) => `group ${tenant}/${key} is not there`));
  }

  private async stored(subjects: readonly WantedSubject[]): Promise<Map<number, StoredSubject>> {
    const keys = subjects.map(({ tenantId, record }, nr) => ({ nr, tenant_id: tenantId, key: record.key }));
    const rows = await this.each<StoredSubject & { nr: number }>(STORED, keys);
    return new Map(rows.map((row) => [row.nr, row]));
  }

  /** Everything that is given up goes before anything is taken, so that an identity can move from one subject to another. */
  private async write(changes: readonly SubjectChange[]): Promise<void> {
    await this.each(INSERT, changes.filter((change) => change.created).map(toRow));
    await this.each(UPDATE, changes.filter((change) => change.attributes).map(toRow));
    const identities = changes.filter((change) => change.identities);
    await this.each(DROP_IDENTITIES, identities.filter((change) => !change.created).map(toRow));
    await this.addIdentities(identities.flatMap(toIdentityRows));
    const memberships = changes.filter((change) => change.groups);
    await this.each(DROP_MEMBERSHIPS, memberships.filter((change) => !change.created).map(toRow));
    await this.each(ADD_MEMBERSHIPS, memberships.flatMap(toMembershipRows));
  }

  private async addIdentities(rows: readonly object[]): Promise<void> {
    const added = await this.each(ADD_IDENTITIES, rows);
    if (added.length === rows.length) return;
    const taken = await this.each<{ instance: string; external_id: string; owner: string }>(TAKEN_IDENTITIES, rows);
    refuseImport(
      taken.map(({ instance, external_id, owner }) => `identity ${external_id} of ${instance} belongs to subject ${owner}`),
    );
  }

  private each<Row extends object>(sql: string, items: readonly object[]): Promise<Row[]> {
    return inChunks(items, (part) => this.deps.database.query<Row>(sql, [JSON.stringify(part)]));
  }
}

function toRow({ id, wanted: { tenantId, record, groups } }: SubjectChange): object {
  return { tenant_id: tenantId, id, key: record.key, kind: record.kind, status: record.status, groups };
}

function toIdentityRows({ id, wanted: { tenantId, record } }: SubjectChange): object[] {
  return record.identities.map(({ instance, externalId }, position) => ({
    tenant_id: tenantId,
    instance,
    external_id: externalId,
    subject_id: id,
    position,
  }));
}

function toMembershipRows({ id, wanted: { tenantId, groups } }: SubjectChange): object[] {
  return groups.map((key) => ({ tenant_id: tenantId, subject_id: id, key }));
}
