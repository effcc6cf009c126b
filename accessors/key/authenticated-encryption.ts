import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES } as const;
const NOTHING = Buffer.alloc(0);

/** Random bytes for many IVs: asking for 12 at a time costs more than the encryption. Each byte is used once. */
const pool = Buffer.alloc(IV_BYTES * 256);
let used = pool.length;

/** AES-256-GCM under a fresh random 96-bit IV: IV, ciphertext and the whole 128-bit tag, one after the other. */
export function encrypt(key: KeyObject | Buffer, plaintext: Buffer, associated: Buffer): Buffer {
  return encryptAfter(NOTHING, key, { plaintext, associated });
}

/** The same with `head` before it, in the clear. */
export function encryptAfter(
  head: Buffer,
  key: KeyObject | Buffer,
  { plaintext, associated }: { readonly plaintext: Buffer; readonly associated: Buffer },
): Buffer {
  const iv = freshIv();
  const cipher = createCipheriv(ALGORITHM, key, iv, OPTIONS).setAAD(associated);
  const ciphertext = cipher.update(plaintext);
  // Nothing is left over: GCM has no blocks.
  cipher.final();
  return Buffer.concat([head, iv, ciphertext, cipher.getAuthTag()]);
}

/** Good until the next one is drawn: what uses it copies it. */
function freshIv(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const iv = pool.subarray(used, used + IV_BYTES);
  used += IV_BYTES;
  return iv;
}

/**
 * The plaintext of `encrypt`, in a buffer of its own. Throws on any alteration.
 *
 * SECURITY: without `authTagLength` Node accepts tags of 4 bytes, which can be guessed. Here the tag is always the last
 * 16 bytes, so that a shorter one cannot even be expressed.
 */
export function decrypt(key: KeyObject | Buffer, sealed: Buffer, associated: Buffer): Buffer {
  if (sealed.length < IV_BYTES + TAG_BYTES) throw new Error('sealed bytes are too short');

  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), OPTIONS);
  decipher.setAAD(associated).setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(IV_BYTES, tagAt));
  try {
    decipher.final();
  } catch (cause) {
    plaintext.fill(0);
    throw cause;
  }
  return plaintext;
}
