/** How long an exact plan takes over a tenant of many subjects. */
import type { CleanUp } from '../processes/clean-up.js';
import { ownCpuMicroseconds } from '../processes/parent-link.js';
import { benchPolicy, preparePlanWorld } from './plan.world.js';

export interface PlanBenchOptions {
  readonly subjects: number;
  readonly rounds: number;
  readonly cleanUp: CleanUp;
  readonly say: (line: string) => void;
}

/** At 100,000 subjects; more may take longer in proportion. */
const mostSeconds = 5;
const limitIsFor = 100_000;

/** Answers whether the limit is kept. */
export async function timePlan({ subjects, rounds, cleanUp, say }: PlanBenchOptions): Promise<boolean> {
  say(`preparing ${String(subjects)} subjects …`);
  const world = await preparePlanWorld(subjects, cleanUp);
  if (world === undefined) throw new Error('it needs PostgreSQL 15 or later: set DATABASE_URL, or install the server binaries');
  const { manager, context, database } = world;
  const options = { guardRails: {}, tests: [], replayDays: null };
  const first = await timed(() => manager.plan(context, benchPolicy(false), options));
  say(`the first policy: ${told(first)}, ${String(first.result.changedSubjects)} subjects gain`);
  await manager.apply(context, first.result.planId, 'bench');
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let reports = 0;
    const progress = () => {
      reports += 1;
    };
    const taken = await timed(() => manager.plan(context, benchPolicy(true), { ...options, progress }));
    const { result } = taken;
    seconds.push(taken.seconds);
    say(
      `a change of a role and a binding: ${told(taken)}, ${String(result.changedSubjects)} of ${String(result.subjects)} subjects changed, ` +
        `${String(reports)} reports of progress`,
    );
  }
  const best = Math.min(...seconds, first.seconds);
  const worst = Math.max(...seconds, first.seconds);
  const most = (mostSeconds * Math.max(subjects, limitIsFor)) / limitIsFor;
  say(`${database}; Node ${process.version}`);
  say(JSON.stringify({ plan: { subjects, bestSeconds: best, worstSeconds: worst, mostSeconds: most } }));
  return worst <= most;
}

interface Timed<Result> {
  readonly result: Result;
  readonly seconds: number;
  /** Of this process alone: what the time would be if nobody else had the machine. */
  readonly cpuSeconds: number;
}

async function timed<Result>(work: () => Promise<Result>): Promise<Timed<Result>> {
  const [begun, cpuBefore] = [performance.now(), ownCpuMicroseconds()];
  const result = await work();
  const cpuSeconds = Math.round((ownCpuMicroseconds() - cpuBefore) / 1000) / 1000;
  return { result, seconds: Math.round(performance.now() - begun) / 1000, cpuSeconds };
}

function told({ seconds, cpuSeconds }: Timed<unknown>): string {
  return `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s of CPU in the process)`;
}
