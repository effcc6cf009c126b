import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { AssignmentRecord, RecordOutcome } from '../contract.js';
import { refuseImport } from '../import-fault.js';
import { PrincipalDirectory } from './principal.directory.js';
import { TenantRows } from './tenant.rows.js';

export interface WantedAssignment {
  readonly tenantId: string;
  readonly record: AssignmentRecord;
}

interface StoredAssignment {
  readonly id: string;
  readonly principal_id: string;
  readonly role_key: string;
  readonly state: string;
}

interface AssignmentChange {
  readonly id: string;
  readonly wanted: WantedAssignment;
  /** `undefined`: there is no such subject or group. */
  readonly principalId: string | undefined;
  readonly outcome: RecordOutcome;
}

/** An import speaks of plain assignments alone: those without unit, condition and window. */
const PLAIN = `
  select id, principal_id, role_key, state from role_assignment
  where tenant_id = $1 and unit is null and condition_key is null and params = '{}' and valid_from is null and valid_until is null`;

const OF_SUBJECTS = `${PLAIN} and subject_id = any($2::uuid[])`;
const OF_GROUPS = `${PLAIN} and subject_id is null and group_id = any($2::uuid[])`;

const INSERT = `
  insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key, state)
  select $1::uuid, id, type, principal_id, role, coalesce(state, 'active')
  from jsonb_to_recordset($2) as r (id uuid, type text, principal_id uuid, role text, state text)`;

const UPDATE = `
  update role_assignment a set state = r.state
  from jsonb_to_recordset($2) as r (id uuid, state text)
  where a.tenant_id = $1 and a.id = r.id`;

export class AssignmentStore {
  private readonly rows: TenantRows;

  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {
    this.rows = new TenantRows(deps.database);
  }

  /** Runs in the caller's unit of work, which holds the locks of the tenants. */
  async assign(assignments: readonly WantedAssignment[]): Promise<RecordOutcome[]> {
    const changes = new Map<WantedAssignment, AssignmentChange>();
    for (const tenantId of new Set(assignments.map((wanted) => wanted.tenantId))) {
      const own = assignments.filter((wanted) => wanted.tenantId === tenantId);
      for (const change of await this.changes(tenantId, own)) changes.set(change.wanted, change);
    }
    const all = [...changes.values()];
    refuseImport(all.filter(({ principalId }) => principalId === undefined).map(({ wanted }) => unknownPrincipal(wanted.record)));
    await this.write(
      INSERT,
      all.filter(({ outcome }) => outcome === 'created'),
    );
    await this.write(
      UPDATE,
      all.filter(({ outcome }) => outcome === 'updated'),
    );
    return assignments.map((wanted) => changes.get(wanted)?.outcome ?? 'unchanged');
  }

  private async changes(tenantId: string, assignments: readonly WantedAssignment[]): Promise<AssignmentChange[]> {
    const principals = new PrincipalDirectory({ database: this.deps.database, tenantId });
    const keys = (type: 'subject' | 'group'): string[] =>
      assignments.filter(({ record }) => record.principal.type === type).map(({ record }) => record.principal.key);
    await principals.learnKeys('subject', keys('subject'));
    await principals.learnKeys('group', keys('group'));
    const ids = (type: 'subject' | 'group'): string[] => keys(type).flatMap((key) => principals.idOf({ type, key }) ?? []);
    const stored = [
      ...(await this.rows.read<StoredAssignment>(OF_SUBJECTS, tenantId, ids('subject'))),
      ...(await this.rows.read<StoredAssignment>(OF_GROUPS, tenantId, ids('group'))),
    ];
    const byRole = new Map(stored.map((row) => [`${row.principal_id} ${row.role_key}`, row]));
    return assignments.map((wanted) => {
      const principalId = principals.idOf(wanted.record.principal);
      const row = byRole.get(`${principalId} ${wanted.record.role}`);
      return { id: row?.id ?? this.deps.ids.ordered(), wanted, principalId, outcome: outcomeOf(wanted, row) };
    });
  }

  private async write(sql: string, changes: readonly AssignmentChange[]): Promise<void> {
    for (const tenantId of new Set(changes.map(({ wanted }) => wanted.tenantId))) {
      const own = changes.filter(({ wanted }) => wanted.tenantId === tenantId);
      await this.rows.write(sql, tenantId, own.map(toRow));
    }
  }
}

/** Two entries for one assignment say two things, or the same twice. */
export function repeatedAssignments(assignments: readonly AssignmentRecord[]): string[] {
  const seen = new Set<string>();
  return assignments.flatMap(({ tenant, principal, role }) => {
    const name = JSON.stringify([tenant, principal.type, principal.key, role]);
    if (seen.has(name)) return [`role ${role} of ${principal.type}:${principal.key} in ${tenant} is listed twice`];
    seen.add(name);
    return [];
  });
}

function toRow({ id, principalId, wanted: { record } }: AssignmentChange): object {
  return { id, type: record.principal.type, principal_id: principalId, role: record.role, state: record.state };
}

function outcomeOf({ record }: WantedAssignment, stored: StoredAssignment | undefined): RecordOutcome {
  if (stored === undefined) return 'created';
  return record.state === null || stored.state === record.state ? 'unchanged' : 'updated';
}

function unknownPrincipal({ tenant, principal }: AssignmentRecord): string {
  return `${principal.type} ${tenant}/${principal.key} is not there`;
}
