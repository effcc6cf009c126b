import type { SignatureAlgorithm } from './contract.js';

/** Complete by type: an algorithm of the contract that is missing here does not compile, nor does one too many. */
const SIGNATURE_ALGORITHMS: Readonly<Record<SignatureAlgorithm, true>> = {
  RS256: true,
  RS384: true,
  RS512: true,
  PS256: true,
  PS384: true,
  PS512: true,
  ES256: true,
  ES384: true,
  ES512: true,
  EdDSA: true,
  Ed25519: true,
};

export function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return Object.hasOwn(SIGNATURE_ALGORITHMS, name);
}
