import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';

/** A version as its row holds it; the document is unchecked. */
export interface VersionRow {
  readonly name: string;
  readonly version: number;
  readonly sha256: string;
  readonly document: unknown;
  readonly createdAt: number;
}

/** How an issuer stands since `number`; the newest row of an issuer counts. */
export interface ActivationRow {
  readonly name: string;
  readonly number: number;
  readonly version: number;
  readonly status: 'active' | 'disabled';
  readonly at: number;
}

const VERSION = `
  select issuer_name as name, version, encode(sha256, 'hex') as sha256, document,
    floor(extract(epoch from created_at) * 1000)::float8 as "createdAt"
  from trusted_issuer_version where tenant_id = $1`;
const ACTIVATION = `
  select issuer_name as name, number, version, status, floor(extract(epoch from at) * 1000)::float8 as at
  from trusted_issuer_activation where tenant_id = $1`;

/** What was registered about issuers and what was in force; rows are only ever added. */
export class IssuerVersionStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** The version with this content; a new one where there is none. Content is compared as the database normalises it. */
  async ensure(name: string, document: object): Promise<VersionRow & { readonly created: boolean }> {
    const { database } = this.deps;
    const parameters = [PLATFORM_TENANT, name, JSON.stringify(document)];
    const added = await database.query(
      `insert into trusted_issuer_version (tenant_id, issuer_name, version, sha256, document)
       select $1, $2, coalesce(max(version), 0) + 1, sha256(convert_to($3::jsonb::text, 'UTF8')), $3::jsonb
       from trusted_issuer_version where tenant_id = $1 and issuer_name = $2
       on conflict do nothing returning version`,
      parameters,
    );
    const [row] = await database.query<VersionRow>(
      `${VERSION} and issuer_name = $2 and sha256 = sha256(convert_to($3::jsonb::text, 'UTF8'))`,
      parameters,
    );
    if (row === undefined) throw new Error(`two drafts of ${name} were written at the same time`);
    return { ...row, created: added.length > 0 };
  }

  async find(name: string, version: number): Promise<VersionRow | undefined> {
    const rows = await this.deps.database.query<VersionRow>(`${VERSION} and issuer_name = $2 and version = $3`, [
      PLATFORM_TENANT,
      name,
      version,
    ]);
    return rows[0];
  }

  /** Versions of one issuer or of all, oldest first. */
  versions(name: string | null): Promise<readonly VersionRow[]> {
    return this.deps.database.query<VersionRow>(
      `${VERSION} and ($2::text is null or issuer_name = $2) order by issuer_name, version`,
      [PLATFORM_TENANT, name],
    );
  }

  /** Activations of one issuer or of all, oldest first. */
  activations(name: string | null): Promise<readonly ActivationRow[]> {
    return this.deps.database.query<ActivationRow>(
      `${ACTIVATION} and ($2::text is null or issuer_name = $2) order by issuer_name, number`,
      [PLATFORM_TENANT, name],
    );
  }

  /** Adds the activation that follows `after`. `false` where somebody else's does already. */
  async append(after: number, next: Pick<ActivationRow, 'name' | 'version' | 'status'>): Promise<boolean> {
    const added = await this.deps.database.query(
      `insert into trusted_issuer_activation (tenant_id, issuer_name, number, version, status) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning number`,
      [PLATFORM_TENANT, next.name, after + 1, next.version, next.status],
    );
    return added.length > 0;
  }
}
