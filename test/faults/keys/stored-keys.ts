import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type SealedPlace, unseal } from '#accessors/key/envelope.js';
import { FileKeyEncryptionKey } from '#accessors/key/file.key-encryption-key.js';
import type { Sealed } from '#accessors/key/key-encryption-key.contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';

interface SealedRow extends Sealed {
  readonly row: string;
  readonly algorithm: string;
}

export interface StoredPrivateKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
}

const KEYS = `
  select reference as row, kid, algorithm, sealed, wrapped_data_key as "wrappedDataKey",
    key_encryption_key_id as "keyEncryptionKeyId", format_version as "formatVersion"
  from signing_key where sealed is not null`;

const SECRETS = `
  select purpose as row, 'HS256' as algorithm, sealed, wrapped_data_key as "wrappedDataKey",
    key_encryption_key_id as "keyEncryptionKeyId", format_version as "formatVersion"
  from installation_secret`;

/** The private halves in the table, opened by hand: what must be found nowhere else. */
export async function storedPrivateKeys(database: Database, keyEncryptionKeyFile: string): Promise<readonly StoredPrivateKey[]> {
  const rows = await database.query<SealedRow & { readonly kid: string }>(KEYS);
  return Promise.all(
    rows.map(async (row) => {
      const key = await opened(keyEncryptionKeyFile, row, { table: 'signing_key', purpose: 'token-signing' });
      return { kid: row.kid, algorithm: row.algorithm, privateKey: createPrivateKey({ key, format: 'der', type: 'pkcs8' }) };
    }),
  );
}

/** The secrets of the installation, opened by hand. */
export async function storedSecrets(database: Database, keyEncryptionKeyFile: string): Promise<readonly Buffer[]> {
  const rows = await database.query<SealedRow>(SECRETS);
  return Promise.all(rows.map((row) => opened(keyEncryptionKeyFile, row, { table: 'installation_secret', purpose: row.row })));
}

async function opened(
  file: string,
  { row, algorithm, ...sealed }: SealedRow,
  where: Pick<SealedPlace, 'table' | 'purpose'>,
): Promise<Buffer> {
  const keyEncryptionKey = await new FileKeyEncryptionKey(file).open();
  return unseal(keyEncryptionKey, { ...where, tenantId: PLATFORM_TENANT, row, algorithm }, sealed);
}
