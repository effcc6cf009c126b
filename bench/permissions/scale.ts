/** What an exchange costs for somebody of whom nothing is in memory, among few and among many subjects. */
import type { CleanUp } from '../processes/clean-up.js';
import { ownCpuMicroseconds } from '../processes/parent-link.js';
import { median } from '../report/summary.js';
import { Random } from './random.js';
import { assignmentsEach, openScaleWorld, tenants, type ScaleWorld } from './scale.world.js';

export interface ScaleOptions {
  readonly isShort: boolean;
  readonly cleanUp: CleanUp;
  readonly say: (line: string) => void;
}

const few = 10_000;
const many = 1_000_000;
const mostOverFew = 1.2;
const rounds = 40;
const callsOfARound = 50;
/** Permissions that ten roles of five each grant. */
const granted = 50;

/** Answers whether it reads in one round trip, and costs about the same among many as among few. */
export async function measureScale({ isShort, cleanUp, say }: ScaleOptions): Promise<boolean> {
  const small = await openScaleWorld(few, cleanUp, say);
  const large = await openScaleWorld(isShort ? many / 10 : many, cleanUp, say);
  if (small === undefined || large === undefined)
    throw new Error('it needs PostgreSQL 15 or later: set DATABASE_URL, or install it');
  say(
    `${large.description}; ${String(tenants)} tenants; ${String(large.subjects * assignmentsEach)} assignments in the larger one`,
  );
  const drawn = { few: new Uncached(small), many: new Uncached(large) };
  for (const each of [drawn.few, drawn.many]) await each.knowEveryTenant();
  const taken: { readonly few: Cost; readonly many: Cost }[] = [];
  const before = [small.statements(), large.statements()];
  for (let round = 0; round < rounds; round += 1) {
    taken.push({ few: await drawn.few.costOfARound(), many: await drawn.many.costOfARound() });
  }
  const calls = 2 * rounds * callsOfARound;
  const sum = (which: 'read' | 'written') =>
    [small, large].reduce((total, world, at) => total + world.statements()[which] - (before[at]?.[which] ?? 0), 0) / calls;
  const statements = { read: sum('read'), written: sum('written') };
  const of = (pick: (round: { readonly few: Cost; readonly many: Cost }) => number): number =>
    Number((median(taken.map(pick)) ?? Number.NaN).toFixed(3));
  const ratio = of((each) => each.many.elapsedUs / each.few.elapsedUs);
  const cpuRatio = of((each) => each.many.cpuUs / each.few.cpuUs);
  const figures = {
    few: { elapsedUs: of((each) => each.few.elapsedUs), cpuUs: of((each) => each.few.cpuUs), subjects: small.subjects },
    many: { elapsedUs: of((each) => each.many.elapsedUs), cpuUs: of((each) => each.many.cpuUs), subjects: large.subjects },
    ...{ ratio, cpuRatio, statements },
  };
  say(
    `an exchange among ${String(large.subjects)} subjects takes ${String(ratio)} times as long as among ${String(small.subjects)}`,
  );
  const within = statements.read === 1 && ratio <= mostOverFew;
  say(JSON.stringify({ scale: figures, limits: { ratio: mostOverFew, read: 1 }, within, node: process.version }));
  return within;
}

/** Microseconds for each call: of the clock, and of processor time in this process. */
interface Cost {
  readonly elapsedUs: number;
  readonly cpuUs: number;
}

/** Draws subjects who were not asked about before. */
class Uncached {
  private readonly random: Random;
  private readonly asked = new Set<number>();

  constructor(private readonly world: ScaleWorld) {
    this.random = new Random(world.subjects);
  }

  /** One exchange in each tenant, so that its policy and its name are in memory, as they are in a running service. */
  async knowEveryTenant(): Promise<void> {
    for (let who = 0; who < tenants; who += 1) await this.exchange(this.tokenOf(who));
  }

  async costOfARound(): Promise<Cost> {
    const tokens = Array.from({ length: callsOfARound }, () => this.tokenOf(this.draw()));
    const [begun, cpu] = [performance.now(), ownCpuMicroseconds()];
    for (const token of tokens) await this.exchange(token);
    const elapsedUs = ((performance.now() - begun) * 1000) / callsOfARound;
    return { elapsedUs, cpuUs: (ownCpuMicroseconds() - cpu) / callsOfARound };
  }

  private draw(): number {
    let who = this.random.below(this.world.subjects);
    while (this.asked.has(who)) who = this.random.below(this.world.subjects);
    return who;
  }

  private tokenOf(who: number): string {
    this.asked.add(who);
    return this.world.exchanges.tokenOf((who % tenants) + 1, Math.floor(who / tenants));
  }

  private async exchange(token: string): Promise<void> {
    if ((await this.world.exchanges.exchange(token)) !== granted) throw new Error('somebody else was read');
  }
}
