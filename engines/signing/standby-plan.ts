import type { Keyring, KeyRecord, SigningAlgorithm } from '#accessors/key/contract.js';
import type { RotationPolicy, RotationStep } from './contract.js';

interface At {
  readonly algorithm: SigningAlgorithm;
  readonly now: number;
}

type Of = Pick<RotationStep, 'kind' | 'kid' | 'dueAt' | 'because'>;

/**
 * Keys that stand by: one of each algorithm, as young as an active one would be. One that is followed stays public, and may sign,
 * until verifiers have had the time to learn of the next, and is then kept as long as any key that signed.
 */
export function planStandby(ring: Keyring, policy: RotationPolicy, { algorithm, now }: At): readonly RotationStep[] {
  const steps = (...each: readonly Of[]): readonly RotationStep[] =>
    each.map((of) => ({ ...of, algorithm, replaces: null, standby: true }));
  const isStanding = ({ state, standby }: KeyRecord): boolean =>
    standby === true && (state === 'pending' || state === 'published');
  const standing = ring.keys.filter((key) => key.algorithm === algorithm && isStanding(key));
  if (policy.standby !== true || !policy.algorithms.includes(algorithm)) {
    return steps(...standing.map((key) => leaving(key, { dueAt: now, because: 'no key stands by any more' })));
  }
  const [newest, ...older] = standing.toSorted((one, other) => other.createdAt - one.createdAt);
  if (newest === undefined) return steps({ kind: 'stage', kid: null, dueAt: now, because: 'no key stands by' });
  if (newest.publishedAt === null) {
    return steps({ kind: 'publish', kid: newest.kid, dueAt: now, because: 'verifiers must learn of it before it stands in' });
  }
  const ready = newest.publishedAt + policy.prePublishSeconds * 1_000;
  return steps(...older.map((key) => leaving(key, { dueAt: ready, because: 'another key stands by, public for long enough' })), {
    kind: 'stage',
    kid: null,
    dueAt: newest.publishedAt + policy.periodSeconds * 1_000,
    because: 'the key that stands by nears the end of its period',
  });
}

/** One that was never public goes at once; one that was may have signed. */
function leaving({ kid, state }: KeyRecord, at: Pick<Of, 'dueAt' | 'because'>): Of {
  return { kind: state === 'pending' ? 'remove' : 'retire', kid, ...at };
}
