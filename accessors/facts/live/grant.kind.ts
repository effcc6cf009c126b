import type { Layout } from './identified.kind.js';
import { learnPrincipals, principalOf, principalRow, type HeldRow } from './held.kind.js';
import { LIMIT_COLUMNS, LIMIT_MEMBERS, limitsOf, limitsRow, UPDATE_LIMITS, type LimitRow } from './limit-columns.js';
import type { RecordOf } from './live.kind.js';

type Grant = RecordOf<'grant'>;

interface GrantRow extends HeldRow, LimitRow {
  readonly role_key: string | null;
  readonly permissions: readonly string[];
  readonly resource_type: string;
  readonly resource_ids: readonly string[] | null;
  readonly resource_path: string | null;
}

const OWN_COLUMNS = 'role_key, permissions, resource_type, resource_ids, resource_path';

export const GRANTS: Layout<Grant, GrantRow> = {
  table: 'resource_grant',
  columns: `id, principal_type, principal_id, ${OWN_COLUMNS}, ${LIMIT_COLUMNS}`,
  upsert: `
    insert into resource_grant (tenant_id, id, principal_type, principal_id, ${OWN_COLUMNS},
      unit, condition_key, params, valid_from, valid_until)
    select $1::uuid, id, principal_type, principal_id, ${OWN_COLUMNS}, unit, condition_key, params, valid_from, valid_until
    from jsonb_to_recordset($2) as r (id uuid, principal_type text, principal_id uuid, role_key text, permissions text[],
      resource_type text, resource_ids text[], resource_path text, ${LIMIT_MEMBERS})
    on conflict (tenant_id, id) do update set principal_type = excluded.principal_type, principal_id = excluded.principal_id,
      role_key = excluded.role_key, permissions = excluded.permissions, resource_type = excluded.resource_type,
      resource_ids = excluded.resource_ids, resource_path = excluded.resource_path, ${UPDATE_LIMITS}`,
  learn: learnPrincipals,
  contentOf: (record) => ({ ...record, id: null }),
  toRow: (scope, record) => ({
    ...principalRow(scope, record.principal),
    role_key: record.role,
    permissions: record.permissions,
    resource_type: record.resource.type,
    resource_ids: record.resource.ids,
    resource_path: record.resource.path,
    ...limitsRow(record),
  }),
  toRecord: (scope, row) => ({
    kind: 'grant',
    id: row.id,
    principal: principalOf(scope, row),
    role: row.role_key,
    permissions: row.permissions,
    resource: { type: row.resource_type, ids: row.resource_ids, path: row.resource_path },
    ...limitsOf(row),
  }),
};
