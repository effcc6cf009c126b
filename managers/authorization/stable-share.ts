import type { UpstreamIdentity } from '#accessors/facts/contract.js';

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** From 0 up to 1, always the same for the same identity, and spread evenly over many (FNV-1a). No secret, and no proof of anything. */
export function stableShare({ instance, externalId }: UpstreamIdentity): number {
  return spread(fold(fold(OFFSET, instance), externalId)) / 2 ** 32;
}

function fold(start: number, text: string): number {
  let hash = start;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash;
}

/** The last characters of names that count upwards would reach the low bits alone. */
function spread(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
