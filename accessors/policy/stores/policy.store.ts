import type { Dated } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { PolicyVersion } from '../contract.js';
import type { CanonicalPolicy } from '../policy.document.js';

/** A version with the id it is stored under. */
export interface StoredPolicy {
  /** `null`: nothing was ever activated. */
  readonly versionId: string | null;
  readonly version: PolicyVersion;
}

interface ActiveRow {
  readonly epoch: string;
  readonly version_id: string | null;
  readonly policy_set: string | null;
  readonly seq: number | null;
  /** `null` also when it is the version that the caller has. */
  readonly document: CanonicalPolicy | null;
}

export interface VersionRow {
  readonly id: string;
  readonly seq: number;
  readonly sha256: Buffer;
}

export interface NewVersion {
  readonly set: string;
  readonly sequence: number;
  readonly content: { readonly json: string; readonly sha256: Buffer };
}

export interface NewActivation {
  readonly set: string;
  readonly versionId: string;
  readonly reason: string;
}

/** One statement, so one snapshot: the epoch is that of the very activation beside it. */
const ACTIVE = `
  select
    coalesce((select epoch from data_epoch where tenant_id = $1), 0) as epoch,
    v.id as version_id, v.policy_set, v.seq,
    case when v.id is distinct from $2::uuid then v.document end as document
  from (values (true)) as always
  left join lateral (
    select version_id from policy_activation where tenant_id = $1 and mode = 'enforce' order by number desc limit 1
  ) as newest on true
  left join policy_version v on v.tenant_id = $1 and v.id = newest.version_id`;

const ROLES = `jsonb_to_recordset($3::jsonb -> 'roles') as role (key text, inherits text[], grants text[], exclude text[])`;

const ROW_STATEMENTS = [
  `insert into pv_role (tenant_id, version_id, key) select $1::uuid, $2::uuid, role.key from ${ROLES}`,
  `insert into pv_role_parent (tenant_id, version_id, role_key, parent_key)
     select $1::uuid, $2::uuid, role.key, parent from ${ROLES}, unnest(role.inherits) as parent`,
  `insert into pv_role_grant (tenant_id, version_id, role_key, pattern, exclude)
     select $1::uuid, $2::uuid, role.key, pattern, false from ${ROLES}, unnest(role.grants) as pattern
     union all select $1::uuid, $2::uuid, role.key, pattern, true from ${ROLES}, unnest(role.exclude) as pattern`,
  `insert into pv_mapping (tenant_id, version_id, issuer, claim, value, role_key)
     select $1::uuid, $2::uuid, issuer, claim, value, role
     from jsonb_to_recordset($3::jsonb -> 'mappings') as mapping (issuer text, claim text, value text, role text)`,
];

const DEFAULT_SET = 'main';

export class PolicyStore {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  /** Answers the very `outdated` when the active version is still that one. */
  async readActive(tenantId: string, outdated: StoredPolicy | undefined): Promise<Dated<StoredPolicy>> {
    const [row] = await this.deps.database.prepared<ActiveRow>('policy_active', ACTIVE, [tenantId, outdated?.versionId ?? null]);
    if (row === undefined) throw new Error('the statement always answers a row');
    const epoch = Number(row.epoch);
    if (outdated !== undefined && outdated.versionId === row.version_id) return { epoch, value: outdated };
    return { epoch, value: { versionId: row.version_id, version: toVersion(tenantId, row) } };
  }

  /** Locks the tenant's row until the unit of work ends, so that versions and activations of a tenant follow one another. */
  async lockTenant(slug: string): Promise<string | undefined> {
    const [row] = await this.deps.database.query<{ id: string }>('select id from tenant where slug = $1 for no key update', [
      slug,
    ]);
    return row?.id;
  }

  async newestVersion(tenantId: string, set: string): Promise<VersionRow | undefined> {
    const [row] = await this.deps.database.query<VersionRow>(
      'select id, seq, sha256 from policy_version where tenant_id = $1 and policy_set = $2 order by seq desc limit 1',
      [tenantId, set],
    );
    return row;
  }

  async addVersion(tenantId: string, { set, sequence, content }: NewVersion): Promise<string> {
    const id = this.deps.ids.ordered();
    await this.deps.database.query(
      'insert into policy_version (tenant_id, id, policy_set, seq, sha256, document) values ($1, $2, $3, $4, $5, $6)',
      [tenantId, id, set, sequence, content.sha256, content.json],
    );
    await this.addRoles(tenantId, id, content.json);
    return id;
  }

  async activate(tenantId: string, { set, versionId, reason }: NewActivation): Promise<void> {
    await this.deps.database.query(
      'insert into policy_activation (tenant_id, id, policy_set, version_id, reason) values ($1, $2, $3, $4, $5)',
      [tenantId, this.deps.ids.ordered(), set, versionId, reason],
    );
  }

  /** The same content as rows, made by the database from the document itself. */
  private async addRoles(tenantId: string, versionId: string, json: string): Promise<void> {
    for (const statement of ROW_STATEMENTS) await this.deps.database.query(statement, [tenantId, versionId, json]);
  }
}

function toVersion(tenantId: string, row: ActiveRow): PolicyVersion {
  return {
    tenantId,
    set: row.policy_set ?? DEFAULT_SET,
    sequence: row.seq ?? 0,
    roles: row.document?.roles ?? [],
    mappings: row.document?.mappings ?? [],
  };
}
