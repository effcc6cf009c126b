import type { VerifierClass } from './verifier.js';

/** Kinds of verifiers that are out there, each in its worst habit: the strict ones never ask again for a key that they do not know. */
export const VERIFIER_CLASSES: readonly VerifierClass[] = [
  { name: '0 s', cacheSeconds: 0, refetchSeconds: null, leewaySeconds: 300 },
  { name: '5 min', cacheSeconds: 300, refetchSeconds: null, leewaySeconds: 0 },
  { name: '10 min, asks for unknown keys', cacheSeconds: 600, refetchSeconds: 30, leewaySeconds: 0 },
  { name: '12 h', cacheSeconds: 43_200, refetchSeconds: null, leewaySeconds: 60 },
  { name: '12 h, asks for unknown keys', cacheSeconds: 43_200, refetchSeconds: 300, leewaySeconds: 300 },
];
