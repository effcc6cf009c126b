import { randomBytes } from 'node:crypto';
import { CodedError } from '#utilities/errors/coded-error.js';
import { decrypt, encrypt } from './authenticated-encryption.js';
import type { KeyEncryptionKey, Sealed } from './key-encryption-key.contract.js';

const FORMAT_VERSION = 1;
const DATA_KEY_BYTES = 32;

/** The row that a sealed value belongs to. It opens there and nowhere else. */
export interface SealedPlace {
  readonly table: 'signing_key' | 'installation_secret';
  readonly tenantId: string;
  /** Key of the row within its tenant. */
  readonly row: string;
  readonly algorithm: string;
  readonly purpose: string;
}

export type { Sealed };

export async function seal(keyEncryptionKey: KeyEncryptionKey, place: SealedPlace, plaintext: Buffer): Promise<Sealed> {
  const dataKey = randomBytes(DATA_KEY_BYTES);
  try {
    const wrappedDataKey = await keyEncryptionKey.wrap(dataKey, boundTo('data-key', place, keyEncryptionKey.id));
    const sealed = encrypt(dataKey, plaintext, boundTo('value', place, keyEncryptionKey.id));
    return { sealed, wrappedDataKey, keyEncryptionKeyId: keyEncryptionKey.id, formatVersion: FORMAT_VERSION };
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The plaintext, in a buffer that the caller fills with zeros after use.
 *
 * @throws CodedError `KEY_UNSEAL_FAILED`
 */
export async function unseal(keyEncryptionKey: KeyEncryptionKey, place: SealedPlace, stored: Sealed): Promise<Buffer> {
  if (stored.formatVersion !== FORMAT_VERSION) throw unsealFailed(place, 'the format version is not known');
  if (stored.keyEncryptionKeyId !== keyEncryptionKey.id) {
    throw unsealFailed(
      place,
      `sealed under key-encryption key ${stored.keyEncryptionKeyId}, configured is ${keyEncryptionKey.id}`,
    );
  }

  let dataKey: Buffer | undefined;
  try {
    dataKey = await keyEncryptionKey.unwrap(stored.wrappedDataKey, boundTo('data-key', place, keyEncryptionKey.id));
    return decrypt(dataKey, stored.sealed, boundTo('value', place, keyEncryptionKey.id));
  } catch (cause) {
    throw unsealFailed(place, 'the sealed bytes do not open in this row', cause);
  } finally {
    dataKey?.fill(0);
  }
}

export function unsealFailed(place: Pick<SealedPlace, 'table' | 'row'>, why: string, cause?: unknown): CodedError {
  return new CodedError('KEY_UNSEAL_FAILED', { internal: `${place.table} ${place.row}: ${why}`, cause });
}

/** INVARIANT: every field has its length before it, so that no two places have the same bytes. */
function boundTo(layer: 'data-key' | 'value', place: SealedPlace, keyEncryptionKeyId: string): Buffer {
  const { table, tenantId, row, algorithm, purpose } = place;
  const fields = [
    'countersign sealed',
    layer,
    table,
    tenantId,
    row,
    algorithm,
    purpose,
    String(FORMAT_VERSION),
    keyEncryptionKeyId,
  ];
  return Buffer.concat(fields.flatMap((field) => [lengthOf(field), Buffer.from(field, 'utf8')]));
}

function lengthOf(field: string): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(Buffer.byteLength(field, 'utf8'));
  return prefix;
}
