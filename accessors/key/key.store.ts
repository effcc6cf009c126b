import type { Database } from '#utilities/database/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { SecretPurpose, SigningAlgorithm } from './contract.js';
import type { Sealed } from './key-encryption-key.contract.js';
import type { PublicMembers } from './signing-backend.contract.js';

/** One key as it is stored. Times are Unix milliseconds of the database. */
export interface StoredKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: string;
  readonly backend: string;
  readonly reference: string;
  readonly publicJwk: unknown;
  readonly publicProof: Buffer | null;
  readonly signsAtOnce: boolean;
  readonly standby: boolean;
  readonly createdAt: number;
  readonly publishedAt: number | null;
  readonly activatedAt: number | null;
  readonly stoppedAt: number | null;
  readonly endedAt: number | null;
  readonly sealed: Buffer | null;
  readonly wrappedDataKey: Buffer | null;
  readonly keyEncryptionKeyId: string | null;
  readonly formatVersion: number | null;
}

export interface StoredKeyring {
  readonly epoch: number;
  readonly installation: string;
  readonly now: number;
  readonly keys: readonly StoredKey[];
}

export interface StoredSecret extends Sealed {
  readonly purpose: string;
}

/** A key that enters the table, with all that proves it. */
export interface NewKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly backend: string;
  readonly reference: string;
  readonly publicJwk: PublicMembers;
  readonly publicProof: Buffer;
  readonly sealed: Sealed | null;
  readonly standby?: true;
}

export interface NewSecret extends Sealed {
  readonly purpose: SecretPurpose;
}

/** Rounded so that what is due by these numbers is due by the clock of the database. */
const milliseconds = (column: string): string => `ceil(extract(epoch from ${column}) * 1000)::float8`;
const NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)::float8';

/** One statement, so one snapshot: what is decided on a ring is decided on all of it. A ring without keys is one row of nulls. */
const KEYRING = `
  select coalesce(e.epoch, 0)::float8 as epoch, e.installation_id as installation, ${NOW} as now,
    k.kid, k.algorithm, k.state, k.backend, k.reference, k.public_jwk as "publicJwk", k.public_proof as "publicProof",
    k.signs_at_once as "signsAtOnce", k.standby, ${milliseconds('k.created_at')} as "createdAt",
    ${milliseconds('k.published_at')} as "publishedAt", ${milliseconds('k.activated_at')} as "activatedAt",
    ${milliseconds('k.stopped_at')} as "stoppedAt", ${milliseconds('k.ended_at')} as "endedAt",
    k.sealed, k.wrapped_data_key as "wrappedDataKey", k.key_encryption_key_id as "keyEncryptionKeyId",
    k.format_version as "formatVersion"
  from (select 1) one
  left join keyring_epoch e on e.tenant_id = $1
  left join signing_key k on k.tenant_id = $1
  order by k.created_at, k.kid`;

const SECRETS = `
  select purpose, sealed, wrapped_data_key as "wrappedDataKey", key_encryption_key_id as "keyEncryptionKeyId",
    format_version as "formatVersion"
  from installation_secret where tenant_id = $1`;

export const KEY_COLUMNS = `(tenant_id, kid, algorithm, state, public_jwk, public_proof, backend, reference, sealed,
  wrapped_data_key, key_encryption_key_id, format_version, epoch, created_at, published_at, activated_at, signs_at_once)`;

/**
 * One statement, so one transaction. Of several processes that try at once, the index on the active key lets one through;
 * the others wait for its commit and then do nothing. A ring that has, or ever had, a key of the algorithm is left alone:
 * what was revoked does not come back as a new first key.
 */
const INSERT_FIRST_KEY = `
  with made as (
    insert into signing_key ${KEY_COLUMNS}
    select $1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, $11,
      coalesce((select epoch from keyring_epoch where tenant_id = $1), 0) + 1, clock_timestamp(), clock_timestamp(), clock_timestamp(), true
    where not exists (select from signing_key where tenant_id = $1 and (algorithm = $3 or not kid = any ($12)))
    on conflict do nothing
    returning tenant_id, kid
  ), counted as (
    insert into keyring_epoch (tenant_id, epoch, installation_id) select tenant_id, 1, gen_random_uuid() from made
    on conflict (tenant_id) do update set epoch = keyring_epoch.epoch + 1,
      installation_id = coalesce(keyring_epoch.installation_id, excluded.installation_id)
  )
  select kid from made`;

const INSERT_SECRET = `
  insert into installation_secret (tenant_id, purpose, sealed, wrapped_data_key, key_encryption_key_id, format_version)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (tenant_id, purpose) do nothing
  returning purpose`;

type KeyringRow = Omit<StoredKeyring, 'keys' | 'installation'> & { readonly installation: string | null } & {
  readonly [Member in keyof StoredKey]: StoredKey[Member] | null;
};

export class KeyStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  async keyring(): Promise<StoredKeyring> {
    const rows = await this.deps.database.query<KeyringRow>(KEYRING, [PLATFORM_TENANT]);
    const [first] = rows;
    if (first === undefined) throw new Error('the statement always answers a row');
    return { epoch: first.epoch, installation: first.installation ?? '', now: first.now, keys: rows.filter(isKey) };
  }

  secrets(): Promise<StoredSecret[]> {
    return this.deps.database.query<StoredSecret>(SECRETS, [PLATFORM_TENANT]);
  }

  /**
   * Adds a key that signs at once to a ring that has no keys but those of `besides`, which entered just before. Answers whether
   * this call put it there; `false`: another process was first, or the ring is not empty.
   */
  async addFirstKey(key: NewKey, besides: readonly string[]): Promise<boolean> {
    const made = await this.deps.database.query(INSERT_FIRST_KEY, [...keyParameters(key), besides]);
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

  /** Gives a key that has no proof the one that its opened private half allows. */
  async addProof(kid: string, publicProof: Buffer): Promise<void> {
    await this.deps.database.query(
      'update signing_key set public_proof = $3 where tenant_id = $1 and kid = $2 and public_proof is null',
      [PLATFORM_TENANT, kid, publicProof],
    );
  }
}

/** From the tenant to the format version, in the order of the columns. */
export function keyParameters(key: NewKey): readonly unknown[] {
  const { sealed } = key;
  return [
    PLATFORM_TENANT,
    key.kid,
    key.algorithm,
    JSON.stringify(key.publicJwk),
    key.publicProof,
    key.backend,
    key.reference,
    sealed?.sealed ?? null,
    sealed?.wrappedDataKey ?? null,
    sealed?.keyEncryptionKeyId ?? null,
    sealed?.formatVersion ?? null,
  ];
}

function isKey(row: KeyringRow): row is KeyringRow & StoredKey {
  return row.kid !== null;
}
