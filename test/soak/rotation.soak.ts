import { AUDIENCE } from '../faults/keys/mint-request.js';
import { CONTEXT } from '../faults/keys/replica.js';
import { EdgeCache } from './edge.cache.js';
import { oneOf } from './random.js';
import type { RotationWorld, SoakReplica } from './rotation.world.js';
import { SimulatedVerifier, type VerifierClass } from './verifier.js';

export interface SoakDeps {
  readonly world: RotationWorld;
  readonly classes: readonly VerifierClass[];
  readonly random: () => number;
  /** Tokens that each replica issues at each moment that is looked at. */
  readonly tokensEach: number;
  /** How often replicas poll. */
  readonly pollSeconds: number;
  readonly edgeKeepSeconds: number;
}

export interface ClassTally {
  verifications: number;
  failed: number;
}

interface Watched {
  readonly kind: VerifierClass;
  readonly verifiers: readonly SimulatedVerifier[];
  readonly tally: ClassTally;
}

const VERIFIERS_OF_A_CLASS = 6;
const QUIET_MOMENTS = 3;
/** Longest cache there is: what was fetched within it before a step is what may be outdated after it. */
const LONGEST_CACHE_MS = 43_200_000;
const OWN = 'our own check';
/** A replica that has not polled since the last step, asked about a token of one that has. */
const OWN_BEFORE = 'our own check, before it has learnt';

/** Years of rotations under load: tokens of every replica, verified by every class of verifiers, above all around each step. */
export class RotationSoak {
  rotations = 0;
  readonly failures = new Map<string, number>();
  private readonly watched: readonly Watched[];
  private readonly own: ClassTally = { verifications: 0, failed: 0 };
  private readonly ownBefore: ClassTally = { verifications: 0, failed: 0 };
  private lastStepAt = 0;
  private readonly phases: ReadonlyMap<SoakReplica, number>;

  constructor(private readonly deps: SoakDeps) {
    const { world, classes, random, pollSeconds, edgeKeepSeconds } = deps;
    const now = (): number => world.now / 1000;
    const origin = () => world.published(oneOf(random, world.replicas));
    this.watched = classes.map((kind) => {
      const edge = new EdgeCache({ keepSeconds: kind.cacheSeconds === 0 ? 0 : edgeKeepSeconds, now, origin });
      const verifier = (): SimulatedVerifier => new SimulatedVerifier({ kind, now, fetch: () => edge.fetch() });
      return { kind, verifiers: Array.from({ length: VERIFIERS_OF_A_CLASS }, verifier), tally: { verifications: 0, failed: 0 } };
    });
    this.phases = new Map(world.replicas.map((replica) => [replica, Math.floor(random() * pollSeconds * 1000)]));
  }

  get tallies(): Readonly<Record<string, ClassTally>> {
    const classes = this.watched.map(({ kind, tally }) => [kind.name, tally] as const);
    return Object.fromEntries([...classes, [OWN, this.own] as const, [OWN_BEFORE, this.ownBefore] as const]);
  }

  /** Does what is due next, and looks around it. */
  async step(): Promise<void> {
    const { world, random, pollSeconds } = this.deps;
    const leader = oneOf(random, world.replicas);
    const [next] = (await leader.manager.status(CONTEXT)).next;
    if (next === undefined) throw new Error('no step is planned');
    const due = Math.max(world.now, next.dueAt - world.databaseAheadBy);
    for (const moment of this.quietMoments(due)) await this.look(moment);
    await this.goTo(due);
    const issued = await this.take(leader);
    for (const after of [0, 1, pollSeconds / 2, pollSeconds]) issued.push(...(await this.look(due + after * 1000)));
    await this.verifyAtTheirEnd(issued);
  }

  private quietMoments(due: number): readonly number[] {
    const { world, random } = this.deps;
    const room = due - world.now;
    if (room < 10_000) return [];
    const long = Array.from({ length: QUIET_MOMENTS }, () => random() * room);
    const close = Array.from({ length: QUIET_MOMENTS }, () => random() * Math.min(room, LONGEST_CACHE_MS));
    return [...long, ...close, 1_000].map((before) => Math.floor(due - before)).sort((one, other) => one - other);
  }

  /** The leader does all that is due now; the others learn of it with their next poll. */
  private async take(leader: SoakReplica): Promise<string[]> {
    const issued: string[] = [];
    for (;;) {
      const { held, done } = await leader.manager.advance(CONTEXT);
      if (!held) throw new Error('the lease on keyring work is held by nobody who works');
      this.rotations += done.filter(({ kind }) => kind === 'activate').length;
      if (done.length === 0) return issued;
      leader.knownAt = this.deps.world.now;
      this.lastStepAt = this.deps.world.now;
      issued.push(...(await this.lookNow()));
    }
  }

  private async look(at: number): Promise<string[]> {
    await this.goTo(at);
    return this.lookNow();
  }

  /** Time goes on, and every replica polls on its way. */
  private async goTo(at: number): Promise<void> {
    const { world } = this.deps;
    if (at < world.now) return;
    const period = this.deps.pollSeconds * 1000;
    const polls = [...this.phases].map(([replica, phase]) => ({
      replica,
      at: at - ((((at - phase) % period) + period) % period),
    }));
    for (const poll of polls.sort((one, other) => one.at - other.at)) {
      if (poll.at <= poll.replica.knownAt || poll.at < world.now) continue;
      await world.to(poll.at);
      await world.learn(poll.replica);
    }
    await world.to(at);
  }

  private async lookNow(): Promise<string[]> {
    const { world, random, tokensEach } = this.deps;
    const issued: string[] = [];
    for (const replica of world.replicas) {
      for (let each = 0; each < tokensEach; each += 1) issued.push(await world.mint(replica));
    }
    for (const { kind, verifiers, tally } of this.watched) {
      for (const token of issued) this.note(kind.name, tally, await oneOf(random, verifiers).verify(token));
    }
    for (const token of issued) this.verifyOurselves(token);
    return issued;
  }

  private verifyOurselves(token: string): void {
    const replica = oneOf(this.deps.random, this.deps.world.replicas);
    const verdict = replica.engine.verifyIssued(CONTEXT, token, AUDIENCE);
    const [name, tally] = replica.knownAt >= this.lastStepAt ? [OWN, this.own] : [OWN_BEFORE, this.ownBefore];
    this.note(name, tally, verdict.genuine ? 'accepted' : verdict.fault);
  }

  /** The last moment at which each class still accepts a token is when its key must still be public. */
  private async verifyAtTheirEnd(issued: readonly string[]): Promise<void> {
    const last = issued.at(-1);
    if (last === undefined) return;
    const ends = endOf(last) * 1000;
    const leeways = new Set(this.watched.map(({ kind }) => kind.leewaySeconds));
    for (const leeway of [...leeways].sort((one, other) => one - other)) {
      await this.goTo(ends + leeway * 1000 - 1);
      const alive = issued.filter((token) => endOf(token) * 1000 + leeway * 1000 > this.deps.world.now);
      for (const { kind, verifiers, tally } of this.watched.filter((watched) => watched.kind.leewaySeconds === leeway)) {
        for (const token of alive) this.note(kind.name, tally, await oneOf(this.deps.random, verifiers).verify(token));
      }
    }
  }

  private note(name: string, tally: ClassTally, verdict: string): void {
    tally.verifications += 1;
    if (verdict === 'accepted') return;
    tally.failed += 1;
    const what = `${name}: ${verdict}`;
    this.failures.set(what, (this.failures.get(what) ?? 0) + 1);
  }
}

function endOf(token: string): number {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  if (typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number') return claims.exp;
  throw new Error('a token without an end');
}
