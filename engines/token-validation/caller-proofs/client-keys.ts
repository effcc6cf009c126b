import { createPublicKey, hash, type JsonWebKey } from 'node:crypto';
import type { SignatureAlgorithm, VerificationKey } from '#accessors/issuer/contract.js';
import type { ClientAuthentication } from '#accessors/registration/contract.js';

type Jwk = Readonly<Record<string, unknown>>;
type KeyReading = { readonly ok: true; readonly key: VerificationKey } | { readonly ok: false; readonly problem: string };

/** RFC 7518 §6.2.2, §6.3.2, §6.4.1: members that only a secret has. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

/** What a key of each kind is made of, in the order of RFC 7638 §3.2, and which algorithms it serves; the first is the usual one. */
interface Kind {
  readonly members: readonly string[];
  readonly algorithms: readonly [SignatureAlgorithm, ...SignatureAlgorithm[]];
}
const EC = ['crv', 'kty', 'x', 'y'];
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['EC P-256', { members: EC, algorithms: ['ES256'] }],
  ['EC P-384', { members: EC, algorithms: ['ES384'] }],
  ['EC P-521', { members: EC, algorithms: ['ES512'] }],
  ['OKP Ed25519', { members: ['crv', 'kty', 'x'], algorithms: ['Ed25519', 'EdDSA'] }],
  ['RSA', { members: ['e', 'kty', 'n'], algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] }],
]);

const RSA_BITS = { least: 2048, most: 8192 };
const CANONICAL = /^[A-Za-z0-9_-]+$/;
const MAX_KEY_ID_LENGTH = 256;

/**
 * Reads a public key that a client registered. Answers a problem, and never throws.
 *
 * SECURITY: one key, one algorithm, settled here and never by what the key signs.
 */
export function readClientKey(jwk: Jwk): KeyReading {
  const secret = SECRET_MEMBERS.find((member) => Object.hasOwn(jwk, member));
  if (secret !== undefined) return refused(`it has the private member ${secret}: register the public key alone`);
  const kind = kindOf(jwk);
  if (kind === undefined) return refused('expected an RSA key, or one on P-256, P-384, P-521 or Ed25519');
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return refused('its use is not sig');
  const algorithm = algorithmOf(jwk, kind);
  if (algorithm === undefined) return refused(`expected alg as one of ${kind.algorithms.join(', ')}`);
  const kid = jwk['kid'];
  if (kid !== undefined && !isKeyId(kid)) return refused(`expected kid as 1 to ${String(MAX_KEY_ID_LENGTH)} characters`);
  return prepared(jwk, { kind, algorithm, ...(kid === undefined ? {} : { kid }) });
}

function kindOf({ kty, crv }: Jwk): Kind | undefined {
  if (typeof kty !== 'string') return undefined;
  return KINDS.get(kty === 'RSA' ? kty : `${kty} ${typeof crv === 'string' ? crv : ''}`);
}

/** An RSA key has to say its algorithm; any other has a usual one. */
function algorithmOf({ kty, alg }: Jwk, { algorithms }: Kind): SignatureAlgorithm | undefined {
  if (alg === undefined) return kty === 'RSA' ? undefined : algorithms[0];
  return algorithms.find((algorithm) => algorithm === alg);
}

function isKeyId(kid: unknown): kid is string {
  return typeof kid === 'string' && kid !== '' && kid.length <= MAX_KEY_ID_LENGTH;
}

function prepared(
  jwk: Jwk,
  { kind, algorithm, kid }: { readonly kind: Kind; readonly algorithm: SignatureAlgorithm; readonly kid?: string },
): KeyReading {
  const members = Object.fromEntries(kind.members.map((name) => [name, jwk[name]]));
  if (!Object.values(members).every((value) => typeof value === 'string' && CANONICAL.test(value)))
    return refused('a member is missing, or is not base64url');
  try {
    const key = createPublicKey({ key: members as JsonWebKey, format: 'jwk' });
    const bits = key.asymmetricKeyDetails?.modulusLength;
    if (bits !== undefined && (bits < RSA_BITS.least || bits > RSA_BITS.most))
      return refused(`expected ${String(RSA_BITS.least)} to ${String(RSA_BITS.most)} bits`);
    const thumbprint = hash('sha256', JSON.stringify(members), 'base64url');
    return { ok: true, key: { kid: kid ?? thumbprint, key, algorithm, keyIssuer: null, cloudInstanceName: null } };
  } catch {
    return refused('it is no key of its type');
  }
}

function refused(problem: string): KeyReading {
  return { ok: false, problem };
}

const NONE: readonly VerificationKey[] = [];
/** A registration is the same object until it changes. */
const kept = new WeakMap<ClientAuthentication, readonly VerificationKey[]>();

/** The keys of a registration, prepared once for as long as it stays as it is. What cannot be read was refused when it was registered. */
export function clientKeys(authentication: ClientAuthentication | undefined): readonly VerificationKey[] {
  if (authentication === undefined) return NONE;
  let keys = kept.get(authentication);
  if (keys === undefined) {
    keys = authentication.keys.flatMap((jwk) => {
      const reading = readClientKey(jwk);
      return reading.ok ? [reading.key] : [];
    });
    kept.set(authentication, keys);
  }
  return keys;
}
