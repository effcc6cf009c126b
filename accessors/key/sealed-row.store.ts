import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { SealedPlace } from './envelope.js';
import type { Sealed } from './key-encryption-key.contract.js';

/** A sealed value with its place, whichever table it is in. */
export interface SealedRow extends Sealed {
  readonly table: SealedPlace['table'];
  readonly row: string;
  readonly algorithm: string;
  readonly purpose: string;
}

const EVERY_SEALED_ROW = `
  select 'signing_key' as "table", kid as "row", algorithm, 'token-signing' as purpose, sealed, wrapped_data_key,
    key_encryption_key_id, format_version
  from signing_key where tenant_id = $1 and sealed is not null
  union all
  select 'installation_secret', purpose, 'HS256', purpose, sealed, wrapped_data_key, key_encryption_key_id, format_version
  from installation_secret where tenant_id = $1`;

const ROWS_UNDER_ANOTHER_KEY = `
  select "table", "row", algorithm, purpose, sealed, wrapped_data_key as "wrappedDataKey",
    key_encryption_key_id as "keyEncryptionKeyId", format_version as "formatVersion"
  from (${EVERY_SEALED_ROW}) found
  where key_encryption_key_id <> $2 and ("table" || ' ' || "row") <> all ($3::text[])
  order by "table", "row"
  limit $4`;

const COUNT_UNDER_ANOTHER_KEY = `select count(*)::int as count from (${EVERY_SEALED_ROW}) found where key_encryption_key_id <> $2`;

/** Only while the row is the one that was read: it may have been changed, or its private half ended, in between. */
const REPLACE = {
  signing_key: `
    update signing_key set sealed = $3, wrapped_data_key = $4, key_encryption_key_id = $5, format_version = $6
    where tenant_id = $1 and kid = $2 and wrapped_data_key = $7 returning 1 as changed`,
  installation_secret: `
    update installation_secret set sealed = $3, wrapped_data_key = $4, key_encryption_key_id = $5, format_version = $6
    where tenant_id = $1 and purpose = $2 and wrapped_data_key = $7 returning 1 as changed`,
} as const satisfies Record<SealedPlace['table'], string>;

export class SealedRowStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  underAnotherKey(keyEncryptionKeyId: string, page: { limit: number; without: readonly string[] }): Promise<SealedRow[]> {
    const parameters = [PLATFORM_TENANT, keyEncryptionKeyId, page.without, page.limit];
    return this.deps.database.query<SealedRow>(ROWS_UNDER_ANOTHER_KEY, parameters);
  }

  async countUnderAnotherKey(keyEncryptionKeyId: string): Promise<number> {
    const [found] = await this.deps.database.query<{ count: number }>(COUNT_UNDER_ANOTHER_KEY, [
      PLATFORM_TENANT,
      keyEncryptionKeyId,
    ]);
    return found?.count ?? 0;
  }

  /** Answers whether the row was still the one that was read. */
  async replace(read: SealedRow, made: Sealed): Promise<boolean> {
    const changed = await this.deps.database.query(REPLACE[read.table], [
      PLATFORM_TENANT,
      read.row,
      made.sealed,
      made.wrappedDataKey,
      made.keyEncryptionKeyId,
      made.formatVersion,
      read.wrappedDataKey,
    ]);
    return changed.length > 0;
  }
}
