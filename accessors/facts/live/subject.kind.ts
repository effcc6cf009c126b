import { isDeepStrictEqual } from 'node:util';
import type { Database } from '#utilities/database/contract.js';
import type { FactValue } from '../contract.js';
import { IdentityOwners } from './identity-owners.js';
import { TenantRows } from '../stores/tenant.rows.js';
import type { Item, Listed, Listing, LiveKindStore, Planned, RecordOf, Scope, Stored } from './live.kind.js';

type Subject = RecordOf<'subject'>;

interface SubjectRow {
  readonly id: string;
  readonly key: string;
  readonly kind: Subject['subjectKind'];
  readonly status: Subject['status'];
  readonly attributes: Readonly<Record<string, FactValue>>;
}

interface IdentityRow {
  readonly subject_id: string;
  readonly instance: string;
  readonly external_id: string;
}

const COLUMNS = 'id, key, kind, status, attributes';

const IDENTITIES = `
  select subject_id, instance, external_id from subject_identity
  where tenant_id = $1 and subject_id = any($2::uuid[]) order by subject_id, position`;

const UPSERT = `
  insert into subject (tenant_id, id, key, kind, status, attributes)
  select $1::uuid, id, key, "subjectKind", status, attributes
  from jsonb_to_recordset($2) as r (id uuid, key text, "subjectKind" text, status text, attributes jsonb)
  on conflict (tenant_id, id) do update set kind = excluded.kind, status = excluded.status, attributes = excluded.attributes`;

const ADD_IDENTITIES = `
  insert into subject_identity (tenant_id, instance, external_id, subject_id, position)
  select $1::uuid, instance, external_id, subject_id, position
  from jsonb_to_recordset($2) as r (instance text, external_id text, subject_id uuid, position integer)`;

const LIST = `
  select ${COLUMNS} from subject
  where tenant_id = $1 and starts_with(key, $2) and ($3::text is null or key > $3) order by key limit $4`;

export class SubjectKind implements LiveKindStore<Subject> {
  private readonly rows: TenantRows;
  private readonly owners: IdentityOwners;

  constructor(private readonly deps: { readonly database: Database }) {
    this.rows = new TenantRows(deps.database);
    this.owners = new IdentityOwners(deps);
  }

  nameOf({ record }: Stored<Subject>): string {
    return record.key;
  }

  async match(scope: Scope, items: readonly Item<Subject>[]): Promise<(Stored<Subject> | undefined)[]> {
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

  verify(scope: Scope, planned: readonly Planned<Subject>[]): Promise<void> {
    return this.owners.verify(scope, planned);
  }

  /** Everything that is given up goes before anything is taken, so that an identity can move from one subject to another. */
  async write(scope: Scope, planned: readonly Planned<Subject>[]): Promise<void> {
    await this.rows.write(
      UPSERT,
      scope.tenantId,
      planned.map(({ id, record }) => ({ ...record, id })),
    );
    const changed = planned.filter(
      ({ record, before }) => before === null || !isDeepStrictEqual(record.identities, before.identities),
    );
    const sql = 'delete from subject_identity where tenant_id = $1 and subject_id = any($2::uuid[])';
    await this.rows.read(
      sql,
      scope.tenantId,
      changed.filter(({ before }) => before !== null).map(({ id }) => id),
    );
    await this.rows.write(ADD_IDENTITIES, scope.tenantId, changed.flatMap(identityRows));
  }

  async named(scope: Scope, names: readonly string[]): Promise<Stored<Subject>[]> {
    const sql = `select ${COLUMNS} from subject where tenant_id = $1 and key = any($2)`;
    return this.withIdentities(scope, await this.rows.read<SubjectRow>(sql, scope.tenantId, names));
  }

  async list(scope: Scope, { prefix, after, limit }: Listing): Promise<Listed<Subject>[]> {
    const rows = await this.deps.database.query<SubjectRow>(LIST, [scope.tenantId, prefix, after, limit + 1]);
    return (await this.withIdentities(scope, rows)).map((stored) => ({ ...stored, place: stored.record.key }));
  }

  async remove(scope: Scope, rows: readonly Stored<Subject>[]): Promise<void> {
    const sql = 'delete from subject where tenant_id = $1 and id = any($2::uuid[])';
    await this.rows.read(
      sql,
      scope.tenantId,
      rows.map(({ id }) => id),
    );
  }

  private async withIdentities(scope: Scope, rows: readonly SubjectRow[]): Promise<Stored<Subject>[]> {
    const identities = new Map<string, Subject['identities'][number][]>(rows.map(({ id }) => [id, []]));
    for (const row of await this.rows.read<IdentityRow>(IDENTITIES, scope.tenantId, [...identities.keys()])) {
      identities.get(row.subject_id)?.push({ instance: row.instance, externalId: row.external_id });
    }
    return rows.map(({ id, key, kind, status, attributes }) => ({
      id,
      record: { kind: 'subject', key, subjectKind: kind, status, identities: identities.get(id) ?? [], attributes },
    }));
  }
}

function identityRows({ id, record }: Planned<Subject>): object[] {
  return record.identities.map(({ instance, externalId }, position) => ({
    instance,
    external_id: externalId,
    subject_id: id,
    position,
  }));
}
