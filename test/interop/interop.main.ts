/** Our service and other people's programs. Each check prints that it ran or was skipped, and why; the last line is JSON. */
import { parseArgs } from 'node:util';
import { openBenchDatabase } from '../../bench/world/bench.database.js';
import { type InteropWorld, startWorld } from './interop.world.js';
import { type Cases, Skipped } from './outcome.js';
import { checkGrpcGo, checkGrpcurl } from './go.check.js';
import { checkHaproxy } from './haproxy.check.js';
import { checkNginx } from './nginx.check.js';
import { checkPython } from './python.check.js';

type Check = (world: InteropWorld) => Promise<Cases>;

const CHECKS: Readonly<Record<string, Check>> = {
  python: checkPython,
  nginx: checkNginx,
  haproxy: checkHaproxy,
  'grpc-go': checkGrpcGo,
  grpcurl: checkGrpcurl,
};

const HELP = `npm run interop [-- NAME …] [--must NAME,NAME]

Starts the real service on PostgreSQL and lets other people's programs use it: ${Object.keys(CHECKS).join(', ')}.
What is not installed is skipped and says so; --must names checks that may not be. The last line of the output is JSON.`;

interface Totals {
  readonly ran: string[];
  readonly skipped: Record<string, string>;
  readonly failed: Record<string, string[]>;
}

process.exitCode = await main(process.argv.slice(2));

async function main(commandArguments: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...commandArguments],
    allowPositionals: true,
    options: { must: { type: 'string', default: '' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    say(HELP);
    return 0;
  }
  const must = values.must.split(',').filter((name) => name !== '');
  const names = positionals.length > 0 ? positionals : Object.keys(CHECKS);
  const unknown = [...names, ...must].filter((name) => !(name in CHECKS));
  if (unknown.length > 0) throw new Error(`no such check: ${unknown.join(', ')}`);
  const totals: Totals = { ran: [], skipped: {}, failed: {} };
  await onWorld(names, totals);
  for (const name of must) {
    const why = totals.skipped[name];
    if (why !== undefined) totals.failed[name] = [`skipped, and must not be: ${why}`];
  }
  say(JSON.stringify(totals));
  return Object.keys(totals.failed).length === 0 ? 0 : 1;
}

async function onWorld(names: readonly string[], totals: Totals): Promise<void> {
  const database = await openBenchDatabase(process.env['DATABASE_URL']);
  if (database === undefined) {
    for (const name of names) skip(totals, name, 'the service needs PostgreSQL here: set DATABASE_URL, or install its binaries');
    return;
  }
  try {
    const world = await startWorld(database);
    try {
      for (const name of names) await perform(name, world, totals);
    } finally {
      await world.stop();
    }
  } finally {
    await database.close();
  }
}

async function perform(name: string, world: InteropWorld, totals: Totals): Promise<void> {
  try {
    const { seen } = (await CHECKS[name]?.(world)) ?? { seen: [] };
    const faults = seen.flatMap((each) => (each.fault === null ? [] : [`${each.name}: ${each.fault}`]));
    say(`ran      ${name}: ${String(seen.length)} cases, ${String(faults.length)} failed`);
    for (const fault of faults) say(`         ${fault}`);
    totals.ran.push(name);
    if (faults.length > 0 || seen.length === 0) totals.failed[name] = faults;
  } catch (error) {
    if (error instanceof Skipped) skip(totals, name, error.message);
    else {
      totals.failed[name] = [error instanceof Error ? error.message : String(error)];
      say(`failed   ${name}: ${totals.failed[name].join()}`);
    }
  }
}

function skip(totals: Totals, name: string, why: string): void {
  totals.skipped[name] = why;
  say(`skipped  ${name}: ${why}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
