import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { AssignmentRecord, RecordOutcome } from '../contract.js';
import { refuseImport } from '../import-fault.js';
import { inChunks } from './in-chunks.js';

export interface WantedAssignment {
  readonly tenantId: string;
  readonly record: AssignmentRecord;
}

interface StoredAssignment {
  readonly nr: number;
  /** `null`: there is no such subject or group. */
  readonly principal_id: string | null;
  readonly id: string | null;
  readonly state: string | null;
}

/**
 * An import speaks of plain assignments alone: those without unit, condition and window. Looked up one by one in the index, for no
 * statistics tell the database yet how many there are in the middle of an import.
 */
const plain = (principal: string): string => `
  select a.id, a.state from role_assignment a
  where a.tenant_id = wanted.tenant_id and ${principal} and a.role_key = wanted.role and a.unit is null
    and a.condition_key is null and a.params = '{}' and a.valid_from is null and a.valid_until is null
  limit 1`;

const STORED = `
  select wanted.nr, coalesce(s.id, g.id) as principal_id, coalesce(of_s.id, of_g.id) as id, coalesce(of_s.state, of_g.state) as state
  from jsonb_to_recordset($1) as wanted (nr integer, tenant_id uuid, type text, key text, role text)
  left join subject s on wanted.type = 'subject' and s.tenant_id = wanted.tenant_id and s.key = wanted.key
  left join subject_group g on wanted.type = 'group' and g.tenant_id = wanted.tenant_id and g.key = wanted.key
  left join lateral (${plain('a.subject_id = s.id and a.group_id is null')}) as of_s on true
  left join lateral (${plain('a.subject_id is null and a.group_id = g.id')}) as of_g on true`;

const INSERT = `
  insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key, state)
  select tenant_id, id, type, principal_id, role, coalesce(state, 'active')
  from jsonb_to_recordset($1) as r (tenant_id uuid, id uuid, type text, principal_id uuid, role text, state text)`;

const UPDATE = `
  update role_assignment a set state = r.state
  from jsonb_to_recordset($1) as r (tenant_id uuid, id uuid, state text)
  where a.tenant_id = r.tenant_id and a.id = r.id`;

export class AssignmentStore {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  /** Runs in the caller's unit of work, which holds the locks of the tenants. */
  async assign(assignments: readonly WantedAssignment[]): Promise<RecordOutcome[]> {
    const keys = assignments.map(({ tenantId, record }, nr) => ({
      nr,
      tenant_id: tenantId,
      ...record.principal,
      role: record.role,
    }));
    const stored = new Map((await this.each<StoredAssignment>(STORED, keys)).map((row) => [row.nr, row]));
    const changes = assignments.map((wanted, nr) => ({ wanted, stored: stored.get(nr) }));
    refuseImport(changes.filter(({ stored }) => !stored?.principal_id).map(({ wanted }) => unknownPrincipal(wanted.record)));

    const outcomes = changes.map(({ wanted, stored }) => outcomeOf(wanted, stored));
    const rows = changes.map(({ wanted, stored }) => this.toRow(wanted, stored));
    await this.each(
      INSERT,
      rows.filter((_, nr) => outcomes[nr] === 'created'),
    );
    await this.each(
      UPDATE,
      rows.filter((_, nr) => outcomes[nr] === 'updated'),
    );
    return outcomes;
  }

  private toRow({ tenantId, record }: WantedAssignment, stored: StoredAssignment | undefined): object {
    return {
      tenant_id: tenantId,
      id: stored?.id ?? this.deps.ids.ordered(),
      type: record.principal.type,
      principal_id: stored?.principal_id,
      role: record.role,
      state: record.state,
    };
  }

  private each<Row extends object>(sql: string, items: readonly object[]): Promise<Row[]> {
    return inChunks(items, (part) => this.deps.database.query<Row>(sql, [JSON.stringify(part)]));
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

function outcomeOf({ record }: WantedAssignment, stored: StoredAssignment | undefined): RecordOutcome {
  if (stored === undefined || stored.id === null) return 'created';
  return record.state === null || stored.state === record.state ? 'unchanged' : 'updated';
}

function unknownPrincipal({ tenant, principal }: AssignmentRecord): string {
  return `${principal.type} ${tenant}/${principal.key} is not there`;
}
