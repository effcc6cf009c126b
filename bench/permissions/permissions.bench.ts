/** What an effective set and a check cost in the engine against bit sets and closures written by hand, in the same run. */
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import type { CheckQuestion, PermissionEngine, PermissionRequest } from '#engines/permission/contract.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import { cpuForEach, type Timed } from '../signing/interleaved.js';
import { bufbuildClosures } from './bufbuild.js';
import { ClosureBitset } from './closures.js';
import { conditionPairs } from './condition.pairs.js';
import { measureMemory } from './memory.js';
import { Random } from './random.js';
import { makeWorkload, NOW, type Workload } from './workload.js';

export interface PermissionsBenchOptions {
  readonly rounds: number;
  readonly isShort: boolean;
  readonly say: (line: string) => void;
}

const mostOfEffective = 2;
const mostOfCheck = 4;
const engineName = 'engine';
const closuresName = 'bit sets and closures by hand';
const bufbuildName = 'bit sets and @bufbuild/cel';

/** Answers whether both limits are kept. */
export async function timePermissions({ rounds, isShort, say }: PermissionsBenchOptions): Promise<boolean> {
  const workload = makeWorkload();
  const engine = new DefaultPermissionEngine({ conditionEvaluator: new CelConditionEvaluator() });
  const pairs = conditionPairs(NOW);
  const closures = new ClosureBitset(workload, new Map(pairs.map(({ key, closure }) => [key, closure])));
  const bufbuild = new ClosureBitset(workload, bufbuildClosures(pairs));
  const checks = checksOf(workload);
  const average = assertEqual(engine, [closures, bufbuild], workload.requests, checks);
  say(`2000 subjects, 10,000 assignments, 30 % conditional; ${average.toFixed(0)} permissions each; all answers are the same`);
  say(`CPU µs for each call, median of ${String(rounds)} rounds in turns`);
  const { requests } = workload;
  const effective = await told('effective set', rounds, say, [
    { name: engineName, run: each(requests, (request) => engine.effectivePermissions(request)) },
    { name: closuresName, run: each(requests, (request) => closures.effective(request)) },
    { name: bufbuildName, run: each(requests, (request) => bufbuild.effective(request)) },
  ]);
  const check = await told('check', rounds, say, [
    { name: engineName, run: each(checks, (question) => engine.decide(question)) },
    { name: closuresName, run: each(checks, ({ request, permission }) => closures.check(request, permission)) },
    { name: bufbuildName, run: each(checks, ({ request, permission }) => bufbuild.check(request, permission)) },
  ]);
  const memory = measureMemory(engine, isShort ? 20_000 : 100_000);
  say(`\nmemory of 100,000 cached subjects: ${memory.factsMb} MB of facts, ${memory.engineMb} MB that the engine keeps of them`);
  const within = effective.ratio <= mostOfEffective && check.ratio <= mostOfCheck;
  const limits = { effective: mostOfEffective, check: mostOfCheck };
  say(
    JSON.stringify({
      permissions: { effective, check, memoryOf100kSubjects: memory },
      limits,
      within,
      rounds,
      node: process.version,
    }),
  );
  return within;
}

type Question = CheckQuestion & { readonly request: PermissionRequest };

/** One after the other, so that no answer is found in what the processor has just read. */
function each<Item>(items: readonly Item[], call: (item: Item) => unknown): () => unknown {
  let next = 0;
  return () => {
    next = next + 1 === items.length ? 0 : next + 1;
    return call(items[next] as Item);
  };
}

function checksOf({ requests, application }: Workload): readonly Question[] {
  const random = new Random(7);
  return requests.map((request) => {
    const { policy, facts, external, claims, context, boundary, ceiling, now } = request;
    const permission = random.of(application.permissions).name;
    const asked = { policy, application, facts, external, claims, context, boundary, ceiling, now };
    return { ...asked, unit: null, resource: null, permission, request };
  });
}

/** @throws Error at the first answer that is not the same. Answers the average size of a set */
function assertEqual(
  engine: PermissionEngine,
  others: readonly ClosureBitset[],
  requests: readonly PermissionRequest[],
  checks: readonly Question[],
): number {
  let all = 0;
  for (const request of requests) {
    const decision = engine.effectivePermissions(request);
    const names = decision.effect === 'granted' ? decision.permissions.join(' ') : decision.code;
    for (const other of others) if (other.effective(request).join(' ') !== names) throw new Error(`another set: ${names}`);
    all += decision.effect === 'granted' ? decision.permissions.length : 0;
  }
  for (const question of checks) {
    const { allowed } = engine.decide(question);
    for (const other of others) {
      if (other.check(question.request, question.permission) !== allowed)
        throw new Error(`another check: ${question.permission}`);
    }
  }
  return all / requests.length;
}

interface Cost {
  readonly engineUs: number;
  readonly closuresUs: number;
  readonly bufbuildUs: number;
  readonly ratio: number;
}

/** So many that the compiler has done with them: a service has been up for longer than the first tenth of a second. */
const warmUpCalls = 100_000;

async function told(title: string, rounds: number, say: (line: string) => void, things: readonly Timed[]): Promise<Cost> {
  for (const { run } of things) for (let call = 0; call < warmUpCalls; call += 1) run();
  const costs = await cpuForEach(things, rounds);
  say(`\n${title}`);
  for (const [name, cost] of costs) say(`${cost.toFixed(2).padStart(8)}  ${name}`);
  const of = (name: string): number => costs.get(name) ?? Number.NaN;
  const rounded = (value: number): number => Number(value.toFixed(3));
  return {
    engineUs: rounded(of(engineName)),
    closuresUs: rounded(of(closuresName)),
    bufbuildUs: rounded(of(bufbuildName)),
    ratio: rounded(of(engineName) / of(closuresName)),
  };
}
