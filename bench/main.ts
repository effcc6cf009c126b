import { compare } from './compare.js';
import type { BenchRun } from './compare.js';
import { helpText, readOptions } from './options.js';
import type { BenchOptions } from './options.js';
import { timeParts } from './parts.js';
import { timePlan } from './policy/plan.bench.js';
import { measureChecks } from './grpc/check.bench.js';
import { measureOverload } from './overload/overload.bench.js';
import { CleanUp } from './processes/clean-up.js';
import { pin } from './processes/pinning.js';
import { profileService } from './profile.js';
import { summarise } from './report/summary.js';
import type { Measurement } from './report/summary.js';
import { table } from './report/table.js';
import { timePermissions } from './permissions/permissions.bench.js';
import { measureScale } from './permissions/scale.js';
import { importPopulation } from './targets.js';
import { timeSdk } from './sdk/sdk.bench.js';
import { timeSigning } from './signing/signing.bench.js';
import { timeValidation } from './validate.js';
import { openBenchDatabase } from './world/bench.database.js';
import { prepareWorld } from './world/bench.world.js';

/** A turn of the signing bench is short, so it takes several where the others take one. */
const turnsOfARound = 5;

const cleanUp = new CleanUp();
cleanUp.onSignals();

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!cleanUp.interrupted) process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanUp.run();
}

async function main(commandArguments: readonly string[]): Promise<number> {
  const options = readOptions(commandArguments);
  if (options.help) {
    say(helpText);
    return 0;
  }
  if (options.command === 'parts') {
    await timeParts(cleanUp, say);
    return 0;
  }
  const rounds = options.rounds * turnsOfARound;
  switch (options.command) {
    case 'validate':
      return exitCodeOf(await timeValidation(say));
    case 'signing':
      return exitCodeOf(await timeSigning({ rounds, cleanUp, say }));
    case 'sdk':
      return exitCodeOf(await timeSdk({ rounds, cleanUp, say }));
    case 'permissions':
      return benchPermissions(options);
    case 'plan':
      return exitCodeOf(await timePlan({ subjects: 100_000, rounds: options.rounds, cleanUp, say }));
    default:
      return measureService(options);
  }
}

function exitCodeOf(isWithin: boolean): number {
  return isWithin ? 0 : 1;
}

async function benchPermissions({ rounds, isShort, limits, scale }: BenchOptions): Promise<number> {
  const isWithin = scale
    ? await measureScale({ isShort, cleanUp, say })
    : await timePermissions({ rounds: rounds * turnsOfARound, isShort, say });
  return isWithin || !limits ? 0 : 1;
}

async function measureService(options: BenchOptions): Promise<number> {
  const pinning = pin();
  say(
    pinning.reason === null
      ? `pinned: servers to core ${String(pinning.server)}, load and PostgreSQL to core ${String(pinning.rest)}`
      : `not pinned (${pinning.reason}): figures move more from run to run`,
  );
  const opening = openBenchDatabase(process.env['DATABASE_URL']);
  cleanUp.defer(async () => (await opening.catch(() => undefined))?.close());
  const database = await opening;
  if (database === undefined) {
    process.stderr.write('bench: it needs PostgreSQL 15 or later: set DATABASE_URL, or install the server binaries\n');
    return 2;
  }
  say(`${database.description}; importing the population …`);
  const world = await prepareWorld(database, cleanUp);
  await importPopulation(world, pinning.rest, cleanUp);
  const run: BenchRun = { options, pinning, world, postgresPid: database.serverPid, cleanUp, say };
  if (options.command === 'grpc') return (await measureChecks(run)) ? 0 : 1;
  if (options.command === 'overload') return (await measureOverload(run)) ? 0 : 1;
  const measurements = options.profile ? await profileService(run) : await compare(run);
  report(measurements, {
    rounds: options.rounds,
    seconds: options.seconds,
    pinned: pinning.reason === null,
    postgres: database.description,
  });
  return measurements.some(({ result }) => result.errors > 0) ? 1 : 0;
}

function report(measurements: readonly Measurement[], surroundings: Parameters<typeof summarise>[1]): void {
  say(`\n${table(measurements)}\n`);
  for (const { round, target, result } of measurements) {
    for (const text of result.errorTexts) say(`error in round ${round}, ${target.protocol} ${target.name}: ${text}`);
  }
  say(JSON.stringify(summarise(measurements, surroundings)));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
