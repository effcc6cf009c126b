import type { Principal } from '../live-data.contract.js';
import { IdentifiedKind, type Identified } from './identified.kind.js';
import type { HeldKindStore, Listed, Listing, Scope, Stored } from './live.kind.js';

type Held = Extract<Identified, { readonly principal: Principal }>;

export interface HeldRow {
  readonly id: string;
  readonly principal_type: Principal['type'];
  readonly principal_id: string;
}

/** What is of a subject or a group: assignments and grants. */
export class HeldKind<Record extends Held, Row extends HeldRow>
  extends IdentifiedKind<Record, Row>
  implements HeldKindStore<Record>
{
  heldBy(scope: Scope, type: Principal['type'], ids: readonly string[]): Promise<Stored<Record>[]> {
    // Both columns lead the index of assignments.
    const which = type === 'subject' ? 'subject_id = any($2::uuid[])' : 'subject_id is null and group_id = any($2::uuid[])';
    return this.where(scope, which, ids);
  }

  async list(scope: Scope, { principal, prefix, after, limit }: Listing): Promise<Listed<Record>[]> {
    const { columns, table } = this.layout;
    const id = principal === null ? null : scope.principals.idOf(principal);
    if (id === undefined) return [];
    const which = principal === null ? '$2::uuid is null' : `${principal.type}_id = $2`;
    const rows = await this.database.query<Row>(
      `select ${columns} from ${table} where tenant_id = $1 and ${which} and starts_with(id::text, $3)
         and ($4::uuid is null or id > $4) order by id limit $5`,
      [scope.tenantId, id, prefix, after, limit + 1],
    );
    return (await this.stored(scope, rows)).map((stored) => ({ ...stored, place: stored.id }));
  }

  protected override async neighbours(scope: Scope, records: readonly Record[]): Promise<Stored<Record>[]> {
    const ids = { subject: new Set<string>(), group: new Set<string>() };
    for (const { principal } of records) {
      const id = scope.principals.idOf(principal);
      if (id !== undefined) ids[principal.type].add(id);
    }
    return [...(await this.heldBy(scope, 'subject', [...ids.subject])), ...(await this.heldBy(scope, 'group', [...ids.group]))];
  }
}

export async function learnPrincipals(scope: Scope, rows: readonly HeldRow[]): Promise<void> {
  for (const type of ['subject', 'group'] as const) {
    await scope.principals.learnIds(
      type,
      rows.filter(({ principal_type }) => principal_type === type).map(({ principal_id }) => principal_id),
    );
  }
}

export function principalRow(scope: Scope, principal: Principal): object {
  return { principal_type: principal.type, principal_id: scope.principals.idOf(principal) };
}

export function principalOf(scope: Scope, { principal_type, principal_id }: HeldRow): Principal {
  return { type: principal_type, key: scope.principals.keyOf(principal_type, principal_id) };
}
