/** CPU time of small things, in turns, so that what disturbs the machine disturbs all of them. */
import { ownCpuMicroseconds } from '../processes/parent-link.js';
import { median } from '../report/summary.js';

export interface Timed {
  readonly name: string;
  run(): unknown;
}

/** How long one turn of one thing takes, about; a clock tick of the kernel must not matter in it. */
const turnMicroseconds = 30_000;
const probeCalls = 128;

/** One call after the other, as a request makes them, or so many at once, as the thread pool wants them: whatever is cheaper. */
const flights: readonly number[] = [1, 32];

interface Turn {
  readonly thing: Timed;
  readonly inFlight: number;
  readonly calls: number;
}

/** Microseconds of CPU for each call, by name: medians over the rounds. Threads of the pool count too. */
export async function cpuForEach(things: readonly Timed[], rounds: number): Promise<ReadonlyMap<string, number>> {
  const turns: Turn[] = [];
  for (const thing of things) turns.push(await turnOf(thing));
  const costs = new Map<string, number[]>(things.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) costs.get(turn.thing.name)?.push(await costOf(turn));
  }
  return new Map([...costs].map(([name, each]) => [name, median(each) ?? 0]));
}

/** Also warms it up. */
async function turnOf(thing: Timed): Promise<Turn> {
  const found: { readonly inFlight: number; readonly cost: number }[] = [];
  for (const inFlight of flights) {
    await costOf({ thing, inFlight, calls: probeCalls });
    found.push({ inFlight, cost: await costOf({ thing, inFlight, calls: probeCalls * 2 }) });
  }
  const { inFlight, cost } = found.reduce((one, other) => (other.cost < one.cost ? other : one));
  return { thing, inFlight, calls: Math.max(inFlight, Math.round(turnMicroseconds / Math.max(cost, 1))) };
}

async function costOf({ thing, inFlight, calls }: Turn): Promise<number> {
  const before = ownCpuMicroseconds();
  if (inFlight === 1) await oneByOne(thing, calls);
  else await together(thing, calls, inFlight);
  return (ownCpuMicroseconds() - before) / calls;
}

async function oneByOne(thing: Timed, calls: number): Promise<void> {
  for (let done = 0; done < calls; done += 1) {
    const answer = thing.run();
    if (answer instanceof Promise) await answer;
  }
}

async function together(thing: Timed, calls: number, inFlight: number): Promise<void> {
  for (let done = 0; done < calls; done += inFlight) {
    const answers: unknown[] = [];
    for (let each = 0; each < Math.min(inFlight, calls - done); each += 1) answers.push(thing.run());
    await Promise.all(answers);
  }
}
