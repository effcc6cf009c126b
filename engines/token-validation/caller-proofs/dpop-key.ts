import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from '#accessors/issuer/contract.js';

/** The key that a proof carries, and its RFC 7638 thumbprint. */
export interface DpopKey {
  readonly key: KeyObject;
  readonly jkt: string;
}

export type DpopKeyReading = { readonly ok: true; readonly key: DpopKey } | { readonly ok: false; readonly problem: string };

type Jwk = Readonly<Record<string, unknown>>;

/** What each key type consists of, in the order of RFC 7638 §3.2, and which algorithms it serves. */
const KINDS = {
  EC: { members: ['crv', 'kty', 'x', 'y'], algorithms: ['ES256'] },
  OKP: { members: ['crv', 'kty', 'x'], algorithms: ['EdDSA', 'Ed25519'] },
  RSA: { members: ['e', 'kty', 'n'], algorithms: ['RS256', 'PS256'] },
} as const satisfies Readonly<Record<string, { members: readonly string[]; algorithms: readonly SignatureAlgorithm[] }>>;

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;
const CURVE_BYTES = 32;
const RSA_BITS = { least: 2048, most: 4096 };
/** 65537; anything else is a mistake or an attack. */
const RSA_EXPONENT = 'AQAB';

/**
 * Reads the `jwk` of a proof so that one key has one spelling, and so one thumbprint. Answers a problem, and never throws.
 *
 * SECURITY: this key proves nothing but that the sender holds it. It must never be taken for the key of a client or an issuer.
 */
export function readDpopKey(jwk: unknown, algorithm: string): DpopKeyReading {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return refused('jwk is not an object');
  const problem = problemOf(jwk as Jwk, algorithm);
  if (problem !== undefined) return refused(problem);
  const members = publicMembers(jwk as Jwk);
  try {
    const key = createPublicKey({ key: members, format: 'jwk' });
    return { ok: true, key: { key, jkt: hash('sha256', JSON.stringify(members), 'base64url') } };
  } catch {
    return refused('jwk is no key of its type');
  }
}

function problemOf(jwk: Jwk, algorithm: string): string | undefined {
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return 'jwk has a private or secret member';
  const kind = kindOf(jwk);
  if (kind === undefined || !kind.algorithms.some((one) => one === algorithm))
    return 'the type of the key does not fit the algorithm';
  return purposeProblem(jwk, algorithm) ?? (jwk['kty'] === 'RSA' ? rsaProblem(jwk) : curveProblem(jwk));
}

function kindOf(jwk: Jwk): { readonly members: readonly string[]; readonly algorithms: readonly string[] } | undefined {
  const kty = jwk['kty'];
  return kty === 'EC' || kty === 'OKP' || kty === 'RSA' ? KINDS[kty] : undefined;
}

/** RFC 7517 §4.2 to §4.4: what a key says about its use holds. */
function purposeProblem({ use, alg, key_ops: operations }: Jwk, algorithm: string): string | undefined {
  if (use !== undefined && use !== 'sig') return 'the key is not for signatures';
  if (alg !== undefined && alg !== algorithm) return 'the key is for another algorithm';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'the key is not for verifying';
  return undefined;
}

function curveProblem({ kty, crv, x, y }: Jwk): string | undefined {
  if (crv !== (kty === 'EC' ? 'P-256' : 'Ed25519')) return 'the curve does not fit the algorithm';
  const coordinates = kty === 'EC' ? [x, y] : [x];
  return coordinates.every((each) => bytesOf(each)?.length === CURVE_BYTES)
    ? undefined
    : 'a coordinate is not 32 bytes of base64url';
}

function rsaProblem({ n, e }: Jwk): string | undefined {
  const modulus = bytesOf(n);
  // A zero in front would be another spelling of the same number.
  if (modulus === undefined || modulus[0] === undefined || modulus[0] === 0) return 'the modulus is not a number in base64url';
  const bits = modulus.length * 8 - Math.clz32(modulus[0]) + 24;
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) return `the modulus has ${String(bits)} bits`;
  return e === RSA_EXPONENT ? undefined : 'the exponent is not 65537';
}

/** `undefined`: no text, or not the one canonical spelling of its bytes. */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const bytes = Buffer.from(value, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === value ? bytes : undefined;
}

function publicMembers(jwk: Jwk): Record<string, string> {
  return Object.fromEntries((kindOf(jwk)?.members ?? []).map((member) => [member, String(jwk[member])]));
}

function refused(problem: string): DpopKeyReading {
  return { ok: false, problem };
}
