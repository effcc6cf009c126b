import type { Database } from '#utilities/database/contract.js';
import type { Principal } from '../live-data.contract.js';
import { TenantRows } from '../stores/tenant.rows.js';
import type { HeldKindStore, Item, Listed, Listing, Planned, RecordOf, Scope, Stored } from './live.kind.js';

type Membership = RecordOf<'membership'>;

interface MemberRow {
  readonly subject_id: string;
  readonly group_id: string;
  readonly valid_from: number | null;
  readonly valid_until: number | null;
}

const COLUMNS = 'm.subject_id, m.group_id, m.valid_from::float8, m.valid_until::float8';

const UPSERT = `
  insert into group_member (tenant_id, subject_id, group_id, valid_from, valid_until)
  select $1::uuid, subject_id, group_id, "from", until
  from jsonb_to_recordset($2) as r (subject_id uuid, group_id uuid, "from" bigint, until bigint)
  on conflict (tenant_id, subject_id, group_id) do update set valid_from = excluded.valid_from, valid_until = excluded.valid_until`;

const DELETE = `
  delete from group_member m using jsonb_to_recordset($2) as r (subject_id uuid, group_id uuid)
  where m.tenant_id = $1 and m.subject_id = r.subject_id and m.group_id = r.group_id`;

const LIST = `
  select ${COLUMNS}, s.key as subject, g.key as "group"
  from group_member m
  join subject s on s.tenant_id = m.tenant_id and s.id = m.subject_id
  join subject_group g on g.tenant_id = m.tenant_id and g.id = m.group_id
  where m.tenant_id = $1 and ($2::uuid is null or m.subject_id = $2) and ($3::uuid is null or m.group_id = $3)
    and starts_with(s.key || '/' || g.key, $4) and ($5::text is null or (s.key, g.key) > ($5, $6))
  order by s.key, g.key limit $7`;

export class MembershipKind implements HeldKindStore<Membership> {
  private readonly rows: TenantRows;

  constructor(private readonly deps: { readonly database: Database }) {
    this.rows = new TenantRows(deps.database);
  }

  nameOf({ record }: Stored<Membership>): string {
    return `${record.subject}/${record.group}`;
  }

  async match(scope: Scope, items: readonly Item<Membership>[]): Promise<(Stored<Membership> | undefined)[]> {
    const subjects = items.flatMap(({ record }) => scope.principals.idOf({ type: 'subject', key: record.subject }) ?? []);
    const stored = new Map((await this.heldBy(scope, 'subject', subjects)).map((row) => [this.nameOf(row), row]));
    return items.map(({ record }) => stored.get(`${record.subject}/${record.group}`));
  }

  async write(scope: Scope, planned: readonly Planned<Membership>[]): Promise<void> {
    const rows = planned.map(({ record }) => ({ ...idsOf(scope, record), ...record.valid }));
    await this.rows.write(UPSERT, scope.tenantId, rows);
  }

  /** A key with a slash in it is a key of before; all ways to read the name are tried. */
  async named(scope: Scope, names: readonly string[]): Promise<Stored<Membership>[]> {
    const subjects = names.flatMap((name) => [...name.matchAll(/\//gu)].map(({ index }) => name.slice(0, index)));
    await scope.principals.learnKeys('subject', subjects);
    const ids = subjects.flatMap((key) => scope.principals.idOf({ type: 'subject', key }) ?? []);
    const wanted = new Set(names);
    return (await this.heldBy(scope, 'subject', ids)).filter((row) => wanted.has(this.nameOf(row)));
  }

  async list(scope: Scope, { principal, prefix, after, limit }: Listing): Promise<Listed<Membership>[]> {
    const [subject, group] = idsFor(scope, principal);
    const [afterSubject, afterGroup] = after === null ? [null, null] : (JSON.parse(after) as [string, string]);
    const rows = await this.deps.database.query<MemberRow & { subject: string; group: string }>(LIST, [
      scope.tenantId,
      subject,
      group,
      prefix,
      afterSubject,
      afterGroup,
      limit + 1,
    ]);
    return rows.map((row) => ({
      ...toStored(row, { subject: row.subject, group: row.group }),
      place: JSON.stringify([row.subject, row.group]),
    }));
  }

  async heldBy(scope: Scope, type: Principal['type'], ids: readonly string[]): Promise<Stored<Membership>[]> {
    const sql = `select ${COLUMNS} from group_member m where m.tenant_id = $1 and m.${type}_id = any($2::uuid[])`;
    const rows = await this.rows.read<MemberRow>(sql, scope.tenantId, ids);
    await scope.principals.learnIds(
      'subject',
      rows.map(({ subject_id }) => subject_id),
    );
    await scope.principals.learnIds(
      'group',
      rows.map(({ group_id }) => group_id),
    );
    return rows.map((row) =>
      toStored(row, {
        subject: scope.principals.keyOf('subject', row.subject_id),
        group: scope.principals.keyOf('group', row.group_id),
      }),
    );
  }

  remove(scope: Scope, rows: readonly Stored<Membership>[]): Promise<void> {
    return this.rows.write(
      DELETE,
      scope.tenantId,
      rows.map(({ record }) => idsOf(scope, record)),
    );
  }
}

function toStored(row: MemberRow, keys: { readonly subject: string; readonly group: string }): Stored<Membership> {
  const { subject, group } = keys;
  const valid = { from: row.valid_from, until: row.valid_until };
  return { id: `${row.subject_id} ${row.group_id}`, record: { kind: 'membership', subject, group, valid } };
}

function idsOf(scope: Scope, { subject, group }: Membership): { subject_id: string | undefined; group_id: string | undefined } {
  return {
    subject_id: scope.principals.idOf({ type: 'subject', key: subject }),
    group_id: scope.principals.idOf({ type: 'group', key: group }),
  };
}

/** An id that no row has stands for a principal that is not there. */
function idsFor(scope: Scope, principal: Principal | null): [subject: string | null, group: string | null] {
  if (principal === null) return [null, null];
  const id = scope.principals.idOf(principal) ?? '00000000-0000-0000-0000-000000000000';
  return principal.type === 'subject' ? [id, null] : [null, id];
}
