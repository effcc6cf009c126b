/** CPU time of small things, in turns, so that what disturbs the machine disturbs all of them. */
import { ownCpuMicroseconds } from '../processes/parent-link.js';
import { median } from '../report/summary.js';

export interface Timed {
  readonly name: string;
  run(): unknown;
}

/** How long one turn of one thing takes, about; a clock tick of the kernel must not matter in it. */
const turnMicroseconds = 30_000;
const inFlight = 32;

/** Microseconds of CPU for each call, by name: medians over the rounds. Threads of the pool count too. */
export async function cpuForEach(things: readonly Timed[], rounds: number): Promise<ReadonlyMap<string, number>> {
  const calls = new Map<string, number>();
  for (const thing of things) calls.set(thing.name, await callsInATurn(thing));
  const costs = new Map<string, number[]>(things.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const thing of round % 2 === 0 ? things : things.toReversed()) {
      costs.get(thing.name)?.push(await costOf(thing, calls.get(thing.name) ?? 1));
    }
  }
  return new Map([...costs].map(([name, each]) => [name, median(each) ?? 0]));
}

/** Also warms it up. */
async function callsInATurn(thing: Timed): Promise<number> {
  await costOf(thing, inFlight);
  const cost = await costOf(thing, inFlight * 4);
  return Math.max(inFlight, Math.round(turnMicroseconds / Math.max(cost, 1)));
}

async function costOf(thing: Timed, calls: number): Promise<number> {
  const before = ownCpuMicroseconds();
  for (let done = 0; done < calls; done += inFlight) {
    const size = Math.min(inFlight, calls - done);
    const answers: unknown[] = [];
    for (let each = 0; each < size; each += 1) answers.push(thing.run());
    if (answers[0] instanceof Promise) await Promise.all(answers);
  }
  return (ownCpuMicroseconds() - before) / calls;
}
