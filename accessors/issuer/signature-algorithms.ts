import type { SignatureAlgorithm } from './contract.js';

export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const satisfies readonly SignatureAlgorithm[];

const NAMES: ReadonlySet<string> = new Set(SIGNATURE_ALGORITHMS);

export function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return NAMES.has(name);
}
