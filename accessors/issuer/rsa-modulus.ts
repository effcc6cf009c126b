/** Odd primes up to 167: the modulus of a key made by the flawed library leaves a power of 65537 modulo each of them. */
const FINGERPRINT_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131,
  137, 139, 149, 151, 157, 163, 167,
];

const FINGERPRINTS = FINGERPRINT_PRIMES.map((prime) => ({ prime: BigInt(prime), residues: powersOf65537(prime) }));

const MIN_BITS = 2048;
/** A longer modulus is no safer in use and makes each verification slower: a way to burn our time. */
const MAX_BITS = 8192;
const MIN_EXPONENT = 65537n;
const MAX_EXPONENT_BITS = 64;

export type RsaFault = 'rsa-too-short' | 'rsa-too-long' | 'rsa-modulus' | 'rsa-exponent' | 'rsa-roca';

/** What is wrong with an RSA public key, given as big-endian bytes; `null` when nothing is. */
export function rsaFault(modulusBytes: Buffer, exponentBytes: Buffer): RsaFault | null {
  const length = bitLength(modulusBytes);
  if (length < MIN_BITS) return 'rsa-too-short';
  if (length > MAX_BITS) return 'rsa-too-long';
  if (bitLength(exponentBytes) > MAX_EXPONENT_BITS) return 'rsa-exponent';
  const exponent = toInteger(exponentBytes);
  if (exponent < MIN_EXPONENT || exponent % 2n === 0n) return 'rsa-exponent';
  const modulus = toInteger(modulusBytes);
  if (modulus % 2n === 0n) return 'rsa-modulus';
  return hasRocaFingerprint(modulus) ? 'rsa-roca' : null;
}

/**
 * SECURITY: CVE-2017-15361. Primes of the form k·M + (65537^a mod M) can be factored; the fingerprint is that the modulus is
 * a power of 65537 modulo each small prime factor of M. A sound key has it with a chance far below 2^-27.
 */
function hasRocaFingerprint(modulus: bigint): boolean {
  return FINGERPRINTS.every(({ prime, residues }) => residues.has(Number(modulus % prime)));
}

function powersOf65537(prime: number): ReadonlySet<number> {
  const residues = new Set<number>();
  const generator = 65537 % prime;
  let power = 1;
  while (!residues.has(power)) {
    residues.add(power);
    power = (power * generator) % prime;
  }
  return residues;
}

function bitLength(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  const leading = bytes[first] ?? 0;
  return (bytes.length - first - 1) * 8 + (32 - Math.clz32(leading));
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex') || '0'}`);
}
