import type { SignatureAlgorithm } from '#accessors/issuer/contract.js';
import { importVerificationKeys } from '#accessors/issuer/jwk-import.js';
import { verifyJws } from '#engines/token-validation/jws-signature.js';
import { StrictJwsParser } from '#engines/token-validation/strict-jws.parser.js';

export const VECTOR_ALGORITHMS: readonly SignatureAlgorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
];

const parser = new StrictJwsParser();

/** Parser, key import and signature, as a token meets them, for a payload that may be any bytes: `accepted`, or what refused it. */
export function stageVerdict(token: string, jwks: unknown): string {
  const parsed = parser.parseOpaque(token);
  if (!parsed.ok) return `shape: ${parsed.fault.actual}`;
  const { header } = parsed.jws;
  if (header.forbidden !== null) return `header: ${header.forbidden}`;
  if (!VECTOR_ALGORITHMS.some((algorithm) => algorithm === header.algorithm))
    return `algorithm: ${header.algorithm ?? 'none given'}`;
  const imported = importVerificationKeys(jwks, VECTOR_ALGORITHMS);
  const key = imported.keys.find((candidate) => candidate.kid === header.keyId);
  if (key === undefined) return `key: ${imported.refused.map((refusal) => refusal.reason).join(', ') || 'unknown'}`;
  if (key.algorithm !== header.algorithm) return `key: is for ${key.algorithm}`;
  return verifyJws(parsed.jws, key) ? 'accepted' : 'signature';
}
