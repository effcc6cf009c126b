import { hash } from 'node:crypto';
import type { ChainHead } from '../audit-evidence.contract.js';
import type { RecordParts } from './canonical-record.js';

/** What the first record of a chain follows. */
export function chainOrigin(chain: string): string {
  return hash('sha256', `countersign audit chain 1\n${chain}`);
}

/**
 * What a record's hash is made from in place of its erasable part, so that the part can go and the chain stays. The salt goes with
 * it: without it nobody can find out by trying whom the record was about.
 */
export function erasableDigest(salt: string, erasable: string): string {
  return hash('sha256', `countersign audit erasable 1\n${salt}\n${erasable}`);
}

export function recordHash(
  previous: string,
  at: Pick<ChainHead, 'chain' | 'sequence'>,
  { fixed, erasableDigest }: { readonly fixed: RecordParts['fixed']; readonly erasableDigest: string },
): string {
  return hash(
    'sha256',
    `countersign audit record 1\n${previous}\n${at.chain}\n${String(at.sequence)}\n${erasableDigest}\n${fixed}`,
  );
}
