import type { Database } from '#utilities/database/contract.js';
import { nestingFaults } from './group-nesting.js';
import { TenantRows } from '../stores/tenant.rows.js';
import type { Item, Listed, Listing, LiveKindStore, Planned, RecordOf, Scope, Stored } from './live.kind.js';

type Group = RecordOf<'group'>;

interface GroupRow {
  readonly id: string;
  readonly key: string;
}

export interface ParentRow {
  readonly group_id: string;
  readonly parent_id: string;
}

const PARENTS = 'select group_id, parent_id from group_parent where tenant_id = $1 and group_id = any($2::uuid[])';

const INSERT = `
  insert into subject_group (tenant_id, id, key)
  select $1::uuid, id, key from jsonb_to_recordset($2) as r (id uuid, key text)
  on conflict (tenant_id, id) do nothing`;

const DROP_PARENTS = `
  delete from group_parent p using jsonb_to_recordset($2) as r (id uuid, parents jsonb)
  where p.tenant_id = $1 and p.group_id = r.id and not r.parents ? p.parent_id::text`;

const ADD_PARENTS = `
  insert into group_parent (tenant_id, group_id, parent_id)
  select $1::uuid, r.id, parent::uuid
  from jsonb_to_recordset($2) as r (id uuid, parents jsonb), jsonb_array_elements_text(r.parents) as parent
  on conflict (tenant_id, group_id, parent_id) do nothing`;

const LIST = `
  select id, key from subject_group
  where tenant_id = $1 and starts_with(key, $2) and ($3::text is null or key > $3) order by key limit $4`;

export class GroupKind implements LiveKindStore<Group> {
  private readonly rows: TenantRows;

  constructor(private readonly deps: { readonly database: Database }) {
    this.rows = new TenantRows(deps.database);
  }

  nameOf({ record }: Stored<Group>): string {
    return record.key;
  }

  async match(scope: Scope, items: readonly Item<Group>[]): Promise<(Stored<Group> | undefined)[]> {
    const stored = new Map(
      (
        await this.named(
          scope,
          items.map(({ record }) => record.key),
        )
      ).map((row) => [row.record.key, row]),
    );
    return items.map(({ record }) => stored.get(record.key));
  }

  /** Looks at all groups of the tenant, but only where a group gets a parent that it did not have. */
  async verify(scope: Scope, planned: readonly Planned<Group>[]): Promise<void> {
    const gaining = planned.filter(({ record, before }) => record.parents.some((parent) => !before?.parents.includes(parent)));
    if (gaining.length === 0) return;
    const edges = await this.deps.database.query<ParentRow>('select group_id, parent_id from group_parent where tenant_id = $1', [
      scope.tenantId,
    ]);
    const replaced = new Set(planned.map(({ id }) => id));
    const after = [
      ...edges.filter(({ group_id }) => !replaced.has(group_id)),
      ...planned.flatMap(({ id, record }) => parentIds(scope, record).map((parent_id) => ({ group_id: id, parent_id }))),
    ];
    const faults = nestingFaults(after);
    for (const { id, number, record } of gaining) {
      const fault = faults(id);
      if (fault !== undefined) scope.faults.add(number, `group ${record.key} ${fault}`);
    }
  }

  async write(scope: Scope, planned: readonly Planned<Group>[]): Promise<void> {
    const created = planned.filter(({ before }) => before === null).map(({ id, record }) => ({ id, key: record.key }));
    await this.rows.write(INSERT, scope.tenantId, created);
    const parents = planned.map(({ id, record }) => ({ id, parents: parentIds(scope, record) }));
    await this.rows.write(DROP_PARENTS, scope.tenantId, parents);
    await this.rows.write(ADD_PARENTS, scope.tenantId, parents);
  }

  async named(scope: Scope, names: readonly string[]): Promise<Stored<Group>[]> {
    const sql = 'select id, key from subject_group where tenant_id = $1 and key = any($2)';
    return this.withParents(scope, await this.rows.read<GroupRow>(sql, scope.tenantId, names));
  }

  async list(scope: Scope, { prefix, after, limit }: Listing): Promise<Listed<Group>[]> {
    const rows = await this.deps.database.query<GroupRow>(LIST, [scope.tenantId, prefix, after, limit + 1]);
    return (await this.withParents(scope, rows)).map((stored) => ({ ...stored, place: stored.record.key }));
  }

  /** Groups that are directly in one of these. */
  async childrenOf(scope: Scope, ids: readonly string[]): Promise<Stored<Group>[]> {
    const sql = `select g.id, g.key from subject_group g where g.tenant_id = $1 and g.id in (
      select group_id from group_parent where tenant_id = $1 and parent_id = any($2::uuid[]))`;
    return this.withParents(scope, await this.rows.read<GroupRow>(sql, scope.tenantId, ids));
  }

  async remove(scope: Scope, rows: readonly Stored<Group>[]): Promise<void> {
    const sql = 'delete from subject_group where tenant_id = $1 and id = any($2::uuid[])';
    await this.rows.read(
      sql,
      scope.tenantId,
      rows.map(({ id }) => id),
    );
  }

  private async withParents(scope: Scope, rows: readonly GroupRow[]): Promise<Stored<Group>[]> {
    const edges = await this.rows.read<ParentRow>(
      PARENTS,
      scope.tenantId,
      rows.map(({ id }) => id),
    );
    await scope.principals.learnIds(
      'group',
      edges.map(({ parent_id }) => parent_id),
    );
    const parents = new Map<string, string[]>(rows.map(({ id }) => [id, []]));
    for (const { group_id, parent_id } of edges) parents.get(group_id)?.push(scope.principals.keyOf('group', parent_id));
    return rows.map(({ id, key }) => ({ id, record: { kind: 'group', key, parents: parents.get(id)?.sort() ?? [] } }));
  }
}

function parentIds(scope: Scope, { parents }: Group): string[] {
  return parents.flatMap((key) => scope.principals.idOf({ type: 'group', key }) ?? []);
}
