import { createPublicKey } from 'node:crypto';
import type { KeyRecord } from '#accessors/key/contract.js';
import type { ExportedKey } from './contract.js';

export function exportedKey({ kid, state, jwk }: KeyRecord): ExportedKey {
  const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return { kid, state, jwk: JSON.stringify(jwk), pem: pem.toString() };
}
