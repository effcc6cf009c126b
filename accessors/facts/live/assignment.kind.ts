import type { Layout } from './identified.kind.js';
import { learnPrincipals, principalOf, principalRow, type HeldRow } from './held.kind.js';
import { LIMIT_COLUMNS, LIMIT_MEMBERS, limitsOf, limitsRow, UPDATE_LIMITS, type LimitRow } from './limit-columns.js';
import type { RecordOf } from './live.kind.js';

type Assignment = RecordOf<'assignment'>;

interface AssignmentRow extends HeldRow, LimitRow {
  readonly role_key: string;
  readonly state: Assignment['state'];
}

export const ASSIGNMENTS: Layout<Assignment, AssignmentRow> = {
  table: 'role_assignment',
  columns: `id, principal_type, principal_id, role_key, state, ${LIMIT_COLUMNS}`,
  upsert: `
    insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key, state,
      unit, condition_key, params, valid_from, valid_until)
    select $1::uuid, id, principal_type, principal_id, role_key, state, unit, condition_key, params, valid_from, valid_until
    from jsonb_to_recordset($2) as r (id uuid, principal_type text, principal_id uuid, role_key text, state text, ${LIMIT_MEMBERS})
    on conflict (tenant_id, id) do update set principal_type = excluded.principal_type, principal_id = excluded.principal_id,
      role_key = excluded.role_key, state = excluded.state, ${UPDATE_LIMITS}`,
  learn: learnPrincipals,
  contentOf: ({ principal, role, unit, condition, valid }) => [principal, role, unit, condition, valid],
  toRow: (scope, record) => ({
    ...principalRow(scope, record.principal),
    role_key: record.role,
    state: record.state,
    ...limitsRow(record),
  }),
  toRecord: (scope, row) => ({
    kind: 'assignment',
    id: row.id,
    principal: principalOf(scope, row),
    role: row.role_key,
    ...limitsOf(row),
    state: row.state,
  }),
};
