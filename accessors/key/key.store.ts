import type { Database } from '#utilities/database/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { SecretPurpose, SigningAlgorithm } from './contract.js';
import type { Sealed } from './envelope.js';
import type { Es256PublicJwk } from './es256.js';

/** A key that verifiers must know, as it is stored. */
export interface StoredKey extends Sealed {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: string;
  readonly publicJwk: unknown;
}

export interface StoredSecret extends Sealed {
  readonly purpose: string;
}

export interface NewKey extends Sealed {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: Es256PublicJwk;
}

export interface NewSecret extends Sealed {
  readonly purpose: SecretPurpose;
}

const SEALED_COLUMNS = `sealed, wrapped_data_key as "wrappedDataKey", key_encryption_key_id as "keyEncryptionKeyId",
  format_version as "formatVersion"`;

const PUBLISHED_KEYS = `
  select kid, algorithm, state, public_jwk as "publicJwk", ${SEALED_COLUMNS}
  from signing_key
  where tenant_id = $1 and state in ('published', 'active', 'retiring', 'tainted')
  order by created_at, kid`;

const SECRETS = `select purpose, ${SEALED_COLUMNS} from installation_secret where tenant_id = $1`;

/**
 * One statement, so one transaction. Of several processes that try at once, the index on the active key lets one through;
 * the others wait for its commit and then do nothing. A ring that has, or ever had, a key of the algorithm is left alone:
 * what was revoked does not come back as a new first key.
 */
const INSERT_FIRST_KEY = `
  with made as (
    insert into signing_key (tenant_id, kid, algorithm, state, public_jwk, sealed, wrapped_data_key, key_encryption_key_id,
      format_version, epoch, published_at, activated_at)
    select $1, $2, $3, 'active', $4, $5, $6, $7, $8,
      coalesce((select epoch from keyring_epoch where tenant_id = $1), 0) + 1, now(), now()
    where not exists (select from signing_key where tenant_id = $1 and algorithm = $3)
    on conflict do nothing
    returning tenant_id, kid
  ), counted as (
    insert into keyring_epoch (tenant_id, epoch) select tenant_id, 1 from made
    on conflict (tenant_id) do update set epoch = keyring_epoch.epoch + 1
  )
  select kid from made`;

const INSERT_SECRET = `
  insert into installation_secret (tenant_id, purpose, sealed, wrapped_data_key, key_encryption_key_id, format_version)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (tenant_id, purpose) do nothing
  returning purpose`;

export class KeyStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  publishedKeys(): Promise<StoredKey[]> {
    return this.deps.database.query<StoredKey>(PUBLISHED_KEYS, [PLATFORM_TENANT]);
  }

  secrets(): Promise<StoredSecret[]> {
    return this.deps.database.query<StoredSecret>(SECRETS, [PLATFORM_TENANT]);
  }

  async hadKeyOf(algorithm: SigningAlgorithm): Promise<boolean> {
    const found = await this.deps.database.query('select kid from signing_key where tenant_id = $1 and algorithm = $2 limit 1', [
      PLATFORM_TENANT,
      algorithm,
    ]);
    return found.length > 0;
  }

  /** Answers whether this call put it there; `false`: another process was first. */
  async addFirstKey(key: NewKey): Promise<boolean> {
    const made = await this.deps.database.query(INSERT_FIRST_KEY, [
      PLATFORM_TENANT,
      key.kid,
      key.algorithm,
      JSON.stringify(key.publicJwk),
      key.sealed,
      key.wrappedDataKey,
      key.keyEncryptionKeyId,
      key.formatVersion,
    ]);
    return made.length > 0;
  }

  /** Answers whether this call put it there; `false`: another process was first. */
  async addSecret(secret: NewSecret): Promise<boolean> {
    const made = await this.deps.database.query(INSERT_SECRET, [
      PLATFORM_TENANT,
      secret.purpose,
      secret.sealed,
      secret.wrappedDataKey,
      secret.keyEncryptionKeyId,
      secret.formatVersion,
    ]);
    return made.length > 0;
  }
}
