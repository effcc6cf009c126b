import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** `cs_` and 256 random bits: a secret with as much entropy needs no slow hash. */
const FORM = /^cs_[A-Za-z0-9_-]{43}$/;

const DIGEST_BYTES = 32;

/** Comparisons that every check makes at least: one secret, two secrets and no client at all take the same time. */
const COMPARISONS = 2;

export interface SecretDigest {
  readonly sha256: Uint8Array;
  /** Wall-clock milliseconds; `null`: it does not expire. */
  readonly expiresAt: number | null;
}

/** What nobody's secret hashes to, for comparisons whose result does not count. */
const NOBODYS: readonly Uint8Array[] = Array.from({ length: COMPARISONS }, () => randomBytes(DIGEST_BYTES));

export function hasSecretForm(secret: string): boolean {
  return FORM.test(secret);
}

/**
 * Whether `secret` is one of those that the digests were made from. SECURITY: every digest is compared, in constant time,
 * whether an earlier one matched or not; without any, the comparisons are made all the same.
 */
export function matchesSecret(secret: string, digests: readonly SecretDigest[], now: number): boolean {
  const presented = hash('sha256', secret, 'buffer');
  let matches = false;
  for (const { sha256, expiresAt } of digests) {
    const same = timingSafeEqual(presented, sha256);
    if (same && (expiresAt === null || now < expiresAt)) matches = true;
  }
  for (let made = digests.length; made < COMPARISONS; made += 1) {
    const nobodys = NOBODYS[made];
    if (nobodys !== undefined) timingSafeEqual(presented, nobodys);
  }
  return matches;
}
