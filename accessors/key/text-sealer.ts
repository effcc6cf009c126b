import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Clock } from '#utilities/clock/contract.js';
import { decrypt, encryptAfter } from './authenticated-encryption.js';
import type { SecretPurpose } from './contract.js';

/** What is sealed together with its key lives for minutes; this leaves room for clocks that differ. */
const KEPT_KEYS = 8;
const PERIOD_BYTES = 2;
const PERIOD_MS = 24 * 3_600_000;

interface DayKey {
  readonly purpose: SecretPurpose;
  readonly period: number;
  readonly key: KeyObject;
}

interface Content {
  readonly purpose: SecretPurpose;
  readonly bound: string;
}

/**
 * Seals short texts under keys that are derived from the secrets of the installation.
 *
 * SECURITY: a key seals for one day. Random IVs of 96 bits may repeat after 2^32 texts under one key (NIST SP 800-38D §8.3), and
 * the secret itself lives for as long as the installation.
 */
export class TextSealer {
  private readonly keys = new WeakMap<KeyObject, DayKey[]>();

  constructor(private readonly deps: { readonly clock: Clock }) {}

  /** `text` as UTF-8: day, IV, ciphertext and tag, base64url. */
  seal(secret: KeyObject, content: Content & { readonly text: string }): string {
    const period = Math.floor(this.deps.clock.now() / PERIOD_MS);
    const day = Buffer.allocUnsafe(PERIOD_BYTES);
    day.writeUInt16BE(period);
    const plain = { plaintext: Buffer.from(content.text, 'utf8'), associated: associated(content) };
    return encryptAfter(day, this.keyOf(secret, content.purpose, period), plain).toString('base64url');
  }

  unseal(secret: KeyObject, content: Content & { readonly sealed: string }): string | undefined {
    const bytes = Buffer.from(content.sealed, 'base64url');
    // One spelling for the same bytes: no other characters, no padding, no bits left over.
    if (bytes.length <= PERIOD_BYTES || bytes.toString('base64url') !== content.sealed) return undefined;
    try {
      const key = this.keyOf(secret, content.purpose, bytes.readUInt16BE());
      return decrypt(key, bytes.subarray(PERIOD_BYTES), associated(content)).toString('utf8');
    } catch {
      return undefined;
    }
  }

  private keyOf(secret: KeyObject, purpose: SecretPurpose, period: number): KeyObject {
    const known = this.keys.get(secret) ?? [];
    for (const each of known) if (each.period === period && each.purpose === purpose) return each.key;

    const digest = createHmac('sha256', secret)
      .update(`countersign seal:${purpose}:${String(period)}`)
      .digest();
    const made = { purpose, period, key: createSecretKey(digest) };
    this.keys.set(secret, [made, ...known].slice(0, KEPT_KEYS));
    return made.key;
  }
}

/** No purpose has a zero in it, so no two of these are the same bytes. */
function associated({ purpose, bound }: Content): Buffer {
  return Buffer.from(`${purpose}\0${bound}`, 'utf8');
}
