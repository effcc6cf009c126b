import type { RotationPolicy, RotationStepKind } from '#engines/signing/contract.js';
import { CONTEXT } from '../faults/keys/replica.js';
import { EdgeCache } from './edge.cache.js';
import type { RotationWorld, SoakReplica } from './rotation.world.js';
import { SimulatedVerifier, type Verdict } from './verifier.js';

/** How much worse than the policy assumes the world is, seconds. */
export interface Worse {
  readonly verifierCacheSeconds?: number;
  readonly propagationSeconds?: number;
  readonly skewSeconds?: number;
  readonly leewaySeconds?: number;
}

const AS_ASSUMED: Required<Worse> = {
  verifierCacheSeconds: 0,
  propagationSeconds: 0,
  skewSeconds: 0,
  leewaySeconds: 0,
};

/** Two replicas: one that hands out the key set and is slow to learn, one that signs and leads. */
interface Pair {
  readonly world: RotationWorld;
  readonly slow: SoakReplica;
  readonly leader: SoakReplica;
}

/**
 * Everything at its worst between the publication of a key and its first signature: the slow replica learns P after the change, an
 * edge cache took its copy just before that and keeps it as long as it may, a verifier takes that copy in the edge's last moment and
 * keeps it for C, and the clock of the database jumps ahead by S.
 */
export async function firstTokenOfANewKey(world: RotationWorld, policy: RotationPolicy, worse: Worse = {}): Promise<Verdict> {
  const add = { ...AS_ASSUMED, ...worse };
  const pair = pairOf(world);
  const publishedAt = await reach(pair, 'stage');
  const slowLearnsAt = publishedAt + (policy.propagationSeconds + add.propagationSeconds) * 1000;
  const edgeKeepSeconds = policy.jwksMaxAgeSeconds + policy.jwksStaleIfErrorSeconds;
  const now = (): number => world.now / 1000;
  const edge = new EdgeCache({ keepSeconds: edgeKeepSeconds, now, origin: () => world.published(pair.slow) });
  const cacheSeconds = policy.verifierCacheSeconds + add.verifierCacheSeconds;
  const kind = { name: 'worst', cacheSeconds, refetchSeconds: null, leewaySeconds: policy.leewaySeconds };
  const verifier = new SimulatedVerifier({ kind, now, fetch: () => edge.fetch() });

  await world.to(slowLearnsAt - 1);
  await edge.fetch();
  await world.to(slowLearnsAt);
  await world.learn(pair.slow);
  await world.to(slowLearnsAt - 1 + edgeKeepSeconds * 1000 - 1);
  await verifier.fetch();
  await world.databaseGoesAheadBy((policy.skewSeconds + add.skewSeconds) * 1000);
  await reach(pair, 'activate');
  return verifier.verify(await world.mint(pair.leader));
}

/**
 * Everything at its worst between the last signature of a key and its removal: a replica learns P after the change that it must not
 * sign any more and its clock is S ahead, as the world was opened; its last token is presented to a verifier without a cache in the
 * last moment of its leeway.
 */
export async function lastTokenOfAnOldKey(world: RotationWorld, policy: RotationPolicy, worse: Worse = {}): Promise<Verdict> {
  const add = { ...AS_ASSUMED, ...worse };
  const pair = pairOf(world);
  await reach(pair, 'stage');
  await reachDueOf(pair, 'activate');
  await world.learn(pair.slow);
  const stoppedAt = await reach(pair, 'activate');
  const learnsAt = stoppedAt + (policy.propagationSeconds + add.propagationSeconds) * 1000;
  await world.to(learnsAt - 1);
  const token = await world.mint(pair.slow);
  await world.to(learnsAt);
  await world.learn(pair.slow);
  const leewaySeconds = policy.leewaySeconds + add.leewaySeconds;
  const lastMoment = (endOf(token) + leewaySeconds) * 1000 - 1;
  await removeUntil(pair, lastMoment);
  const verifier = new SimulatedVerifier({
    kind: { name: 'worst', cacheSeconds: 0, refetchSeconds: null, leewaySeconds },
    now: () => world.now / 1000,
    fetch: () => world.published(pair.leader),
  });
  return verifier.verify(token);
}

function pairOf(world: RotationWorld): Pair {
  const [slow, leader] = world.replicas;
  if (slow === undefined || leader === undefined) throw new Error('the worst case needs two replicas');
  return { world, slow, leader };
}

/** Goes on until a step of this kind is due; takes those before it. */
async function reachDueOf({ world, leader }: Pair, kind: RotationStepKind): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    const next = (await leader.manager.status(CONTEXT)).next[0];
    if (next === undefined) break;
    // A millisecond after a whole second, so that a millisecond before what follows from it is a whole second.
    const due = Math.max(world.now, next.dueAt - world.databaseAheadBy);
    await world.to(Math.ceil((due - 1) / 1000) * 1000 + 1);
    await leader.poll();
    if (next.kind === kind) return;
    await leader.manager.advance(CONTEXT);
  }
  throw new Error(`no key came to ${kind}`);
}

/** Goes on until a step of this kind is done, and what follows at once; answers when. The leader alone knows of it. */
async function reach(pair: Pair, kind: RotationStepKind): Promise<number> {
  await reachDueOf(pair, kind);
  const { done } = await pair.leader.manager.advance(CONTEXT);
  if (!done.some((step) => step.kind === kind)) throw new Error(`${kind} was due and not done`);
  return pair.world.now;
}

/** Takes every step that is due up to that moment, the removal of the old key with them if it is. */
async function removeUntil({ world, leader }: Pair, moment: number): Promise<void> {
  for (;;) {
    const next = (await leader.manager.status(CONTEXT)).next[0];
    if (next === undefined || next.dueAt - world.databaseAheadBy > moment) break;
    await world.to(Math.max(world.now, next.dueAt - world.databaseAheadBy));
    if ((await leader.manager.advance(CONTEXT)).done.length === 0) break;
  }
  await world.to(Math.max(world.now, moment));
}

function endOf(token: string): number {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  if (typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number') return claims.exp;
  throw new Error('a token without an end');
}
