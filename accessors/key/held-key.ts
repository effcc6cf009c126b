import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { CodedError } from '#utilities/errors/coded-error.js';
import { decrypt, encrypt } from './authenticated-encryption.js';
import type { KeyEncryptionKey } from './key-encryption-key.contract.js';

export const KEY_BYTES = 32;
/** Of base64url without padding. */
export const KEY_TEXT_BYTES = 43;
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1');

/** A key-encryption key that is held in this process. */
export class HeldKey implements KeyEncryptionKey {
  readonly id: string;
  private readonly key: KeyObject;

  constructor(bytes: Buffer) {
    this.id = createHash('sha256').update('countersign key-encryption key id').update(bytes).digest('base64url').slice(0, 16);
    this.key = createSecretKey(bytes);
  }

  async wrap(dataKey: Buffer, boundTo: Buffer): Promise<Buffer> {
    return encrypt(this.key, dataKey, boundTo);
  }

  async unwrap(wrapped: Buffer, boundTo: Buffer): Promise<Buffer> {
    return decrypt(this.key, wrapped, boundTo);
  }

  withId(id: string): KeyEncryptionKey | undefined {
    return id === this.id ? this : undefined;
  }
}

/** Decodes without making a string of the key: a string cannot be filled with zeros. */
export function keyFromText(text: Buffer): Buffer {
  if (text.length !== KEY_TEXT_BYTES) throw insecure('not 43 characters of base64url');

  const key = Buffer.alloc(KEY_BYTES);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) throw insecure('not 43 characters of base64url');
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    key[at++] = (bits >> held) & 0xff;
  }
  if ((bits & ((1 << held) - 1)) !== 0) throw insecure('not the base64url of 32 bytes');
  return key;
}

function insecure(why: string): CodedError {
  return new CodedError('KEY_ENCRYPTION_KEY_INSECURE', { internal: why });
}
