import type { Keyring, KeyRecord, KeyState, SigningAlgorithm } from '#accessors/key/contract.js';
import type { RotationPolicy, RotationStep } from './contract.js';
import { planStandby } from './standby-plan.js';

/** What a rule looks at: one algorithm of the ring. */
interface Lane {
  readonly algorithm: SigningAlgorithm;
  readonly isWanted: boolean;
  readonly policy: RotationPolicy;
  readonly now: number;
  readonly active: KeyRecord | undefined;
  /** The key that follows, if it is made: oldest first. */
  readonly waiting: readonly KeyRecord[];
  readonly keys: readonly KeyRecord[];
}

/** Two slots for each algorithm, the key that signs and the next; what comes after them is only waited for. */
export function planRotation(ring: Keyring, policy: RotationPolicy, now: number): readonly RotationStep[] {
  const found = new Set<SigningAlgorithm>([...policy.algorithms, ...ring.keys.map((key) => key.algorithm)]);
  const steps = [...found].flatMap((algorithm) => {
    const lane = laneOf(ring, policy, { algorithm, now });
    const standing = planStandby(ring, policy, { algorithm, now });
    return [...(lane.isWanted ? following(lane) : abandoning(lane)), ...standing, ...removing(lane)];
  });
  return steps.sort((one, other) => one.dueAt - other.dueAt);
}

function laneOf(ring: Keyring, policy: RotationPolicy, at: { algorithm: SigningAlgorithm; now: number }): Lane {
  const keys = ring.keys.filter((key) => key.algorithm === at.algorithm);
  const inState = (state: KeyState): readonly KeyRecord[] => keys.filter((key) => key.state === state && key.standby !== true);
  return {
    ...at,
    isWanted: policy.algorithms.includes(at.algorithm),
    policy,
    active: inState('active')[0],
    waiting: [...inState('published'), ...inState('pending')],
    keys,
  };
}

function following(lane: Lane): readonly RotationStep[] {
  const [next, ...more] = lane.waiting;
  if (next === undefined) return [step(lane, { kind: 'stage', kid: null, dueAt: stagingAt(lane), because: whyStage(lane) })];
  const surplus = more.filter((key) => key.state === 'pending');
  const dropped = surplus.map((key) =>
    step(lane, { kind: 'remove', kid: key.kid, dueAt: lane.now, because: 'another key follows already' }),
  );
  return [...arriving(lane, next), ...dropped];
}

/** From pending over published to active. */
function arriving(lane: Lane, next: KeyRecord): readonly RotationStep[] {
  const publish =
    next.state === 'pending'
      ? [step(lane, { kind: 'publish', kid: next.kid, dueAt: lane.now, because: 'verifiers must learn of it before it signs' })]
      : [];
  const dueAt = activationAt(lane, next);
  const because = 'public for long enough; the key before it has signed for its period or was told to go';
  return [...publish, { ...step(lane, { kind: 'activate', kid: next.kid, dueAt, because }), replaces: lane.active?.kid ?? null }];
}

/**
 * A key that was published while the active one signs follows as soon as it may: it was made for that, by plan or by an operator.
 * One that was there before the active key became active waits until that key had its period.
 */
function activationAt({ active, policy, now }: Lane, next: KeyRecord): number {
  const ready = (next.publishedAt ?? now) + policy.prePublishSeconds * 1_000;
  const since = active?.activatedAt ?? null;
  if (since === null || next.publishedAt === null || next.publishedAt >= since) return ready;
  return Math.max(ready, since + policy.periodSeconds * 1_000);
}

/** Early enough to have been public for the whole time when the active key has signed for its period. */
function stagingAt({ active, policy, now }: Lane): number {
  const since = active?.activatedAt ?? null;
  return since === null ? now : since + (policy.periodSeconds - policy.prePublishSeconds) * 1_000;
}

function whyStage({ active, algorithm }: Lane): string {
  return active === undefined ? `no key signs with ${algorithm}` : 'the active key nears the end of its period';
}

/** An algorithm that is not wanted any more loses its keys, those that signed after their tokens have ended. */
function abandoning(lane: Lane): readonly RotationStep[] {
  const because = `the keyring signs with ${lane.algorithm} no more`;
  const dropped = lane.waiting.map(({ kid }) => step(lane, { kind: 'remove', kid, dueAt: lane.now, because }));
  if (lane.active === undefined) return dropped;
  return [...dropped, step(lane, { kind: 'retire', kid: lane.active.kid, dueAt: lane.now, because })];
}

function removing(lane: Lane): readonly RotationStep[] {
  const stopped = lane.keys.filter((key) => key.state === 'retiring' || key.state === 'tainted');
  return stopped.map((key) =>
    step(lane, {
      kind: 'remove',
      kid: key.kid,
      dueAt: (key.stoppedAt ?? lane.now) + lane.policy.retireAfterSeconds * 1_000,
      because: 'every token that it signed has ended by then',
    }),
  );
}

function step(lane: Lane, of: Omit<RotationStep, 'algorithm' | 'replaces'>): RotationStep {
  return { ...of, algorithm: lane.algorithm, replaces: null };
}
