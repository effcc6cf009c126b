/** The comparison: service and floors under the same load in turns, so that what disturbs the machine disturbs both. */
import { canReadCpuTime } from './processes/cpu-time.js';
import type { CleanUp } from './processes/clean-up.js';
import { MeasuredProcess } from './processes/measured.process.js';
import type { Pinning } from './processes/pinning.js';
import type { LoadJob, LoadResult, LoadTask } from './load/load.contract.js';
import type { BenchOptions } from './options.js';
import type { Measurement } from './report/summary.js';
import { compiled, startFloor, startService } from './targets.js';
import type { Target } from './targets.js';
import type { BenchWorld } from './world/bench.world.js';

export interface BenchRun {
  readonly options: BenchOptions;
  readonly pinning: Pinning;
  readonly world: BenchWorld;
  readonly postgresPid: number | null;
  readonly cleanUp: CleanUp;
  readonly say: (line: string) => void;
}

export type LoadProcess = MeasuredProcess<object>;

/** Start it last: what is started last is stopped first, and a load without its server would report errors. */
export async function startLoad(run: BenchRun): Promise<LoadProcess> {
  const task: LoadTask = { subjectsFile: run.world.subjectsFile };
  const plan = { name: 'load generator', file: compiled('./load/load.main.js'), task, core: run.pinning.rest };
  return MeasuredProcess.start(plan, run.cleanUp);
}

/** Every measurement of every round. */
export async function compare(run: BenchRun): Promise<readonly Measurement[]> {
  const { world, pinning, cleanUp, options } = run;
  const [rest, grpc] = await startService(world, pinning.server, cleanUp);
  const restFloor = await startFloor('rest', world, pinning.server, cleanUp);
  const grpcFloor = await startFloor('grpc', world, pinning.server, cleanUp);
  const load = await startLoad(run);
  const turns = [rest, restFloor, grpc, grpcFloor];
  const measurements: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    // Every other round goes backwards, so that nothing always comes first.
    for (const target of round % 2 === 1 ? turns : turns.toReversed()) {
      measurements.push({ round, target, result: await measure(run, load, target) });
      run.say(progress(measurements.at(-1)));
    }
  }
  return measurements;
}

export async function measure(run: BenchRun, load: LoadProcess, target: Target): Promise<LoadResult> {
  const readable = canReadCpuTime();
  const job: LoadJob = {
    kind: 'job',
    protocol: target.protocol,
    port: target.port,
    warmUpSeconds: run.options.warmUpSeconds,
    seconds: run.options.seconds,
    expected: target.expected,
    meters: {
      server: readable ? target.process.pid : null,
      postgres: readable && target.name === 'service' ? run.postgresPid : null,
    },
  };
  if (readable) return load.ask<LoadResult>(job, 'result');
  return measuredFromInside(load, job, target);
}

/** Without /proc the server says its own CPU time when the window opens and closes. */
async function measuredFromInside(load: LoadProcess, job: LoadJob, target: Target): Promise<LoadResult> {
  const readings: Promise<{ readonly microseconds: number }>[] = [];
  const read = (): void => void readings.push(target.process.ask('cpu', 'cpu'));
  const forget = [load.onMessage('open', read), load.onMessage('close', read)];
  const result = await load.ask<LoadResult>(job, 'result');
  for (const off of forget) off();
  const [open, close] = await Promise.all(readings);
  const server = open === undefined || close === undefined ? null : close.microseconds - open.microseconds;
  return { ...result, cpuMicroseconds: { ...result.cpuMicroseconds, server } };
}

function progress(measurement: Measurement | undefined): string {
  if (measurement === undefined) return '';
  const { round, target, result } = measurement;
  const rate = Math.round(result.exchanges / result.seconds);
  return `round ${round}  ${target.protocol} ${target.name}: ${rate} exchanges/s, ${result.verified} verified, ${result.errors} errors`;
}
