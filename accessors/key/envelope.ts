import { randomBytes } from 'node:crypto';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { decrypt, encrypt } from './authenticated-encryption.js';
import type { KeyEncryptionKey, Sealed } from './key-encryption-key.contract.js';

const CURRENT_FORMAT = 2;
const FORMATS: readonly number[] = [1, CURRENT_FORMAT];
const DATA_KEY_BYTES = 32;
const DOES_NOT_OPEN = 'the sealed bytes do not open in this row';

type SealedHeader = Pick<Sealed, 'formatVersion' | 'keyEncryptionKeyId'>;

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
    const wrappedDataKey = await wrapDataKey(keyEncryptionKey, place, dataKey);
    const sealed = encrypt(dataKey, plaintext, boundTo('value', place, headerFor(keyEncryptionKey)));
    return { sealed, wrappedDataKey, keyEncryptionKeyId: keyEncryptionKey.id, formatVersion: CURRENT_FORMAT };
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The plaintext, in a buffer that the caller fills with zeros after use. `keyEncryptionKey` may know others beside itself.
 *
 * @throws CodedError `KEY_UNSEAL_FAILED`, or the code of a vault that does not answer
 */
export async function unseal(keyEncryptionKey: KeyEncryptionKey, place: SealedPlace, stored: Sealed): Promise<Buffer> {
  const dataKey = await unwrapDataKey(keyEncryptionKey, place, stored);
  try {
    return decrypt(dataKey, stored.sealed, boundTo('value', place, stored));
  } catch (cause) {
    throw unsealFailed(place, DOES_NOT_OPEN, cause);
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The same value under another key-encryption key. Of the current format only the data key is wrapped anew; an older format,
 * which binds the value to the old key, is sealed anew. The result was opened once before it is answered, since it replaces
 * the only copy there is.
 *
 * @throws CodedError `KEY_UNSEAL_FAILED`, or the code of a vault
 */
export async function rewrapped(keyEncryptionKey: KeyEncryptionKey, place: SealedPlace, stored: Sealed): Promise<Sealed> {
  const plaintext = await unseal(keyEncryptionKey, place, stored);
  try {
    const made =
      stored.formatVersion === CURRENT_FORMAT
        ? await underAnotherKey(keyEncryptionKey, place, stored)
        : await seal(keyEncryptionKey, place, plaintext);
    const opened = await unseal(keyEncryptionKey, place, made);
    const same = opened.equals(plaintext);
    opened.fill(0);
    if (!same) throw unsealFailed(place, 'the rewrapped value is not the one that was there');
    return made;
  } finally {
    plaintext.fill(0);
  }
}

export function unsealFailed(place: Pick<SealedPlace, 'table' | 'row'>, why: string, cause?: unknown): CodedError {
  return new CodedError('KEY_UNSEAL_FAILED', { internal: `${place.table} ${place.row}: ${why}`, cause });
}

function headerFor(keyEncryptionKey: KeyEncryptionKey): SealedHeader {
  return { formatVersion: CURRENT_FORMAT, keyEncryptionKeyId: keyEncryptionKey.id };
}

async function underAnotherKey(keyEncryptionKey: KeyEncryptionKey, place: SealedPlace, stored: Sealed): Promise<Sealed> {
  const dataKey = await unwrapDataKey(keyEncryptionKey, place, stored);
  try {
    const wrappedDataKey = await wrapDataKey(keyEncryptionKey, place, dataKey);
    return { ...stored, wrappedDataKey, keyEncryptionKeyId: keyEncryptionKey.id };
  } finally {
    dataKey.fill(0);
  }
}

function wrapDataKey(keyEncryptionKey: KeyEncryptionKey, place: SealedPlace, dataKey: Buffer): Promise<Buffer> {
  return keyEncryptionKey.wrap(dataKey, boundTo('data-key', place, headerFor(keyEncryptionKey)));
}

async function unwrapDataKey(keyEncryptionKey: KeyEncryptionKey, place: SealedPlace, stored: Sealed): Promise<Buffer> {
  const { formatVersion, keyEncryptionKeyId } = stored;
  if (!FORMATS.includes(formatVersion)) throw unsealFailed(place, 'the format version is not known');
  const sealedBy = keyEncryptionKey.withId(keyEncryptionKeyId);
  if (sealedBy === undefined) {
    throw unsealFailed(place, `sealed under key-encryption key ${keyEncryptionKeyId}, configured is ${keyEncryptionKey.id}`);
  }
  const dataKey = await opened(sealedBy, place, stored);
  if (dataKey.length === DATA_KEY_BYTES) return dataKey;
  dataKey.fill(0);
  throw unsealFailed(place, DOES_NOT_OPEN);
}

/** A vault that cannot be asked says nothing about the row: its own code goes up, with what to do about it. */
async function opened(sealedBy: KeyEncryptionKey, place: SealedPlace, stored: Sealed): Promise<Buffer> {
  try {
    return await sealedBy.unwrap(stored.wrappedDataKey, boundTo('data-key', place, stored));
  } catch (cause) {
    if (isCodedError(cause)) throw cause;
    throw unsealFailed(place, DOES_NOT_OPEN, cause);
  }
}

/**
 * INVARIANT: every field has its length before it, so that no two places have the same bytes. The value is bound to the
 * key-encryption key in format 1 alone: since format 2 a new one rewraps the data key and leaves the value as it is.
 */
function boundTo(layer: 'data-key' | 'value', place: SealedPlace, header: SealedHeader): Buffer {
  const { table, tenantId, row, algorithm, purpose } = place;
  const fields = ['countersign sealed', layer, table, tenantId, row, algorithm, purpose, String(header.formatVersion)];
  if (layer === 'data-key' || header.formatVersion === 1) fields.push(header.keyEncryptionKeyId);
  return Buffer.concat(fields.flatMap((field) => [lengthOf(field), Buffer.from(field, 'utf8')]));
}

function lengthOf(field: string): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(Buffer.byteLength(field, 'utf8'));
  return prefix;
}
