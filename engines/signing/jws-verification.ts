import { constants, verify } from 'node:crypto';
import type { SigningAlgorithm, VerificationKey } from '#accessors/key/contract.js';

type Verifies = (key: VerificationKey, input: Buffer, signature: Buffer) => boolean;

/** The algorithm is the one of the key; what a token says about it was compared before. */
const VERIFY: Readonly<Record<SigningAlgorithm, Verifies>> = {
  ES256: ({ publicKey }, input, signature) =>
    signature.length === 64 && verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
  Ed25519: ({ publicKey }, input, signature) => signature.length === 64 && verify(null, input, publicKey, signature),
  RS256: ({ publicKey }, input, signature) => verify('sha256', input, publicKey, signature),
  PS256: ({ publicKey }, input, signature) =>
    verify('sha256', input, { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature),
};

/** `signature` is base64url as it came; another spelling of the same bytes is refused. */
export function isSignedBy(key: VerificationKey, signingInput: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.toString('base64url') !== signature) return false;
  try {
    return VERIFY[key.algorithm](key, Buffer.from(signingInput, 'latin1'), bytes);
  } catch {
    return false;
  }
}
