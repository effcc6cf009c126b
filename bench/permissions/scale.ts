/** What reading and judging somebody costs of whom nothing is in memory, among few and among many subjects. */
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import type { CleanUp } from '../processes/clean-up.js';
import { median } from '../report/summary.js';
import { Random } from './random.js';
import { assignmentsEach, instance, openScaleWorld, tenants, type ScaleWorld } from './scale.world.js';
import { makeWorkload, NOW } from './workload.js';

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

/** Answers whether it is one round trip, and costs about the same among many as among few. */
export async function measureScale({ isShort, cleanUp, say }: ScaleOptions): Promise<boolean> {
  const small = await openScaleWorld(few, cleanUp, say);
  const large = await openScaleWorld(isShort ? many / 10 : many, cleanUp, say);
  if (small === undefined || large === undefined)
    throw new Error('it needs PostgreSQL 15 or later: set DATABASE_URL, or install it');
  say(
    `${large.description}; ${String(tenants)} tenants; ${String(large.subjects * assignmentsEach)} assignments in the larger one`,
  );
  const calls = { few: uncached(small), many: uncached(large) };
  await Promise.all([calls.few(), calls.many()]);
  const taken: { readonly few: number; readonly many: number }[] = [];
  const before = small.statements() + large.statements();
  for (let round = 0; round < rounds; round += 1) taken.push({ few: await timed(calls.few), many: await timed(calls.many) });
  const statements = (small.statements() + large.statements() - before) / (2 * rounds * callsOfARound);
  const ofFew = median(taken.map((each) => each.few)) ?? Number.NaN;
  const ofMany = median(taken.map((each) => each.many)) ?? Number.NaN;
  const ratio = median(taken.map((each) => each.many / each.few)) ?? Number.NaN;
  const rounded = (value: number): number => Number(value.toFixed(3));
  say(`${ofFew.toFixed(0)} µs among ${String(small.subjects)} subjects, ${ofMany.toFixed(0)} µs among ${String(large.subjects)}`);
  const figures = { fewUs: rounded(ofFew), manyUs: rounded(ofMany), ratio: rounded(ratio), statements, subjects: large.subjects };
  const within = statements === 1 && ratio <= mostOverFew;
  say(JSON.stringify({ scale: figures, limits: { ratio: mostOverFew, statements: 1 }, within, node: process.version }));
  return within;
}

/** Reads the facts of somebody who was not asked about before, and computes the permissions. */
function uncached({ subjects, facts, context }: ScaleWorld): () => Promise<void> {
  const random = new Random(subjects);
  const { policy, application, requests } = makeWorkload(1);
  const [first] = requests;
  if (first === undefined) throw new Error('the workload is empty');
  const engine = new DefaultPermissionEngine({ conditionEvaluator: new CelConditionEvaluator() });
  const asked = new Set<number>();
  return async () => {
    for (let call = 0; call < callsOfARound; call += 1) {
      let who = random.below(subjects);
      while (asked.has(who)) who = random.below(subjects);
      asked.add(who);
      const tenantId = uuidOf((who % tenants) + 1);
      const identity = { instance, externalId: `u${String(Math.floor(who / tenants))}` };
      const known = await facts.factsOf(context, { tenantId, subject: { by: 'identity', identity }, groups: [] });
      const decision = engine.effectivePermissions({ ...first, policy, application, facts: known, now: NOW });
      if (known.assignments.length !== assignmentsEach || decision.effect === 'refused')
        throw new Error('somebody else was read');
    }
  };
}

function uuidOf(number: number): string {
  return number
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Microseconds for each call. */
async function timed(run: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await run();
  return ((performance.now() - begun) * 1000) / callsOfARound;
}
