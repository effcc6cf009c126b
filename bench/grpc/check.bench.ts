/**
 * What CheckPermission over gRPC costs beside the smallest grpc-js servers: one that answers whatever it is asked, for subjects whose
 * facts are in memory, and one that proves each ES256 token, for tokens that are verified on every call.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchRun } from '../compare.js';
import { canReadCpuTime } from '../processes/cpu-time.js';
import { MeasuredProcess } from '../processes/measured.process.js';
import { topSelfTimes } from '../report/profile.js';
import type { CpuProfile } from '../report/profile.js';
import { median } from '../report/summary.js';
import { compiled, startService } from '../targets.js';
import type { CheckJob, CheckResult } from './check.contract.js';
import { prepareChecks } from './check.world.js';

interface CheckTarget {
  readonly name: string;
  readonly process: MeasuredProcess<object>;
  readonly port: number;
  readonly questionsFile: string;
  readonly decides: boolean;
}

/** Least part of the floor's calls for each second of CPU. */
const leastRatio = 0.6;
const shown = 30;
/** For each target, before what counts. */
const warmUpSeconds = 8;

/** Answers whether both limits are kept and nothing went wrong. */
export async function measureChecks(run: BenchRun): Promise<boolean> {
  if (!canReadCpuTime()) throw new Error('it needs /proc');
  const { world, pinning, cleanUp, options, say } = run;
  const [rest, grpc] = await startService(world, pinning.server, cleanUp);
  const checks = await prepareChecks(world, rest.port);
  const service = { process: grpc.process, port: grpc.port, decides: true };
  const byName = { ...service, name: 'service, subject by name', questionsFile: checks.byNameFile };
  const byToken = { ...service, name: 'service, token', questionsFile: checks.byTokenFile };
  const load = async (): Promise<MeasuredProcess<object>> =>
    MeasuredProcess.start(
      { name: 'load of checks', file: compiled('./grpc/check.load.main.js'), task: {}, core: pinning.rest },
      cleanUp,
    );
  if (options.profile) return profile(run, await load(), [byName, byToken]);
  const echo = await startFloor(run, { verify: null });
  const proving = await startFloor(run, { verify: checks.verify });
  const turns: readonly CheckTarget[] = [
    byName,
    { ...echo, name: 'echo', questionsFile: checks.byNameFile, decides: false },
    byToken,
    { ...proving, name: 'echo that proves ES256', questionsFile: checks.byTokenFile, decides: false },
  ];
  const loading = await load();
  // Until V8 has compiled what is hot, its compiler costs as much as the calls; there is more to compile in the service than in a floor.
  const warming = { ...run, options: { ...options, seconds: warmUpSeconds } };
  for (const target of turns) await measure(warming, loading, target);
  const costs = new Map<string, number[]>();
  let errors = 0;
  for (let round = 1; round <= options.rounds; round += 1) {
    // Every other round goes backwards, so that nothing always comes first.
    for (const target of round % 2 === 1 ? turns : turns.toReversed()) {
      const result = await measure(run, loading, target);
      errors += result.errors;
      for (const text of result.errorTexts) say(`error: ${target.name}: ${text}`);
      const cost = (result.cpuMicroseconds.server ?? 0) / result.exchanges;
      costs.set(target.name, [...(costs.get(target.name) ?? []), cost]);
      say(`round ${String(round)}  ${target.name}: ${cost.toFixed(1)} µs of CPU a call, ${rate(result)} calls/s`);
    }
  }
  return judge(run, costs, errors);
}

function judge({ options, pinning, say }: BenchRun, costs: ReadonlyMap<string, readonly number[]>, errors: number): boolean {
  const of = (name: string): number => median(costs.get(name) ?? []) ?? Number.NaN;
  const byName = of('service, subject by name');
  const echo = of('echo');
  const byToken = of('service, token');
  const proving = of('echo that proves ES256');
  const warmRatio = echo / byName;
  const coldRatio = proving / byToken;
  say(
    JSON.stringify({
      ...(errors === 0 ? { warmRatio: rounded(warmRatio, 3), coldRatio: rounded(coldRatio, 3) } : {}),
      least: leastRatio,
      cpuUs: { byName: rounded(byName, 1), echo: rounded(echo, 1), byToken: rounded(byToken, 1), proving: rounded(proving, 1) },
      callsPerCpuSecond: {
        byName: perSecond(byName),
        echo: perSecond(echo),
        byToken: perSecond(byToken),
        proving: perSecond(proving),
      },
      errors,
      rounds: options.rounds,
      seconds: options.seconds,
      pinned: pinning.reason === null,
      node: process.version,
    }),
  );
  return errors === 0 && (!options.limits || (warmRatio >= leastRatio && coldRatio >= leastRatio));
}

async function startFloor({ pinning, cleanUp }: BenchRun, task: object): Promise<Pick<CheckTarget, 'process' | 'port'>> {
  const plan = { name: 'floor of checks', file: compiled('./floors/check.floor.js'), task, core: pinning.server };
  const process = await MeasuredProcess.start<{ readonly port: number }>(plan, cleanUp);
  return { process, port: process.ready.port };
}

async function measure({ options }: BenchRun, load: MeasuredProcess<object>, target: CheckTarget): Promise<CheckResult> {
  const { port, questionsFile, decides } = target;
  const { warmUpSeconds, seconds } = options;
  const meters = { server: target.process.pid, postgres: null };
  const job: CheckJob = { kind: 'job', port, questionsFile, decides, warmUpSeconds, seconds, meters };
  return load.ask<CheckResult>(job, 'result');
}

async function profile(run: BenchRun, load: MeasuredProcess<object>, targets: readonly CheckTarget[]): Promise<boolean> {
  for (const [index, target] of targets.entries()) {
    await measure(run, load, target);
    await target.process.ask({ kind: 'profile.start' }, 'profile.started');
    const result = await measure(run, load, target);
    const file = join(run.world.profileFolder, `countersign-check-${String(index)}.cpuprofile`);
    await target.process.ask({ kind: 'profile.stop', file }, 'profile.stopped');
    run.say(`\n${target.name}: ${rate(result)} calls/s; self time of the service under load, from ${file}`);
    const read = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
    for (const { where, share } of topSelfTimes(read, shown)) run.say(`${(share * 100).toFixed(1).padStart(6)} %  ${where}`);
  }
  return true;
}

const rate = ({ exchanges, seconds }: CheckResult): string => String(Math.round(exchanges / seconds));
const perSecond = (microseconds: number): number => Math.round(1e6 / microseconds);
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
