/**
 * The rules that every `ConditionEvaluator` keeps, as data: run each with any test runner. `run` throws where the rule is broken, with
 * what broke it in the message.
 *
 *     for (const { name, run } of conditionEvaluatorConformance(() => new MyEvaluator(), SAMPLES)) it(name, run);
 */
import type { AttributeValue } from '#accessors/policy/contract.js';
import type {
  CompiledCondition,
  ConditionEvaluator,
  ConditionInput,
  ConditionResult,
  ConditionScope,
  TraceStep,
} from '#engines/permission/condition-evaluator.contract.js';
import { type ConditionSamples, KIT_SCOPE } from './condition-evaluator.samples.js';
import { demand, demandEqual } from './kit.js';

export interface ConditionRule {
  readonly name: string;
  readonly run: () => void;
}

interface Bench {
  readonly evaluator: ConditionEvaluator;
  readonly samples: ConditionSamples;
}

type Values = Readonly<Record<string, AttributeValue>>;

const CONDITION_BUDGET = 10_000;
const REQUEST_BUDGET = 200_000;
const NOON = Date.parse('2026-05-13T12:00:00Z');
const HOUR = 3_600_000;
const KNOWN: Values = { 'subject.department': 'sales', 'subject.active': false, 'subject.groups': ['emea', 'staff'] };
const HOSTILE: readonly string[] = [
  '('.repeat(2_000),
  '!'.repeat(2_000),
  'a'.repeat(100_000),
  '[0].map(x, x + x)'.repeat(100),
  '"\u0000\ud800"',
  'constructor',
  '__proto__',
];

export function conditionEvaluatorConformance(
  create: () => ConditionEvaluator,
  samples: ConditionSamples,
): readonly ConditionRule[] {
  return Object.entries(RULES).map(([name, holds]) => ({ name, run: () => holds({ evaluator: create(), samples }) }));
}

function compiled({ evaluator }: Bench, text: string, scope: ConditionScope = KIT_SCOPE): CompiledCondition {
  const compilation = evaluator.compile(text, scope);
  if (!compilation.ok) throw new Error(`${text} is refused: ${JSON.stringify(compilation.faults)}`);
  return compilation.condition;
}

function inputOf(values: Values = KNOWN, more: Partial<ConditionInput> = {}): ConditionInput {
  const lookup = (root: string, name: string): AttributeValue | undefined => values[`${root}.${name}`];
  return { lookup, params: KIT_SCOPE.params, now: NOON - HOUR, budget: { left: REQUEST_BUDGET }, ...more };
}

function demandOutcome(result: ConditionResult, outcome: ConditionResult['outcome'], what: string): void {
  demand(result.outcome === outcome, `${what}: ${JSON.stringify(result)}, expected ${outcome}`);
}

const all = ({ isSales, isSmall, activeOrOpen, isStaff, beforeNoon, officeHours }: ConditionSamples): readonly string[] => [
  isSales,
  isSmall,
  activeOrOpen,
  isStaff,
  beforeNoon,
  officeHours,
];

const RULES: Readonly<Record<string, (bench: Bench) => void>> = {
  'has a name of lower case, digits and hyphens': ({ evaluator: { language } }) => {
    demand(/^[a-z][a-z0-9-]{0,63}$/.test(language), `the name ${language}`);
  },

  'says what a condition reads, sorted, and keeps its text': (bench) => {
    const { samples } = bench;
    demandEqual(compiled(bench, samples.isSmall).reads, ['params.limit', 'resource.amount'], 'reads');
    demandEqual(compiled(bench, samples.activeOrOpen).reads, ['resource.open', 'subject.active'], 'reads');
    demandEqual(compiled(bench, samples.officeHours).reads, ['now'], 'reads');
    for (const text of all(samples)) demandEqual(compiled(bench, text).expression, text, 'the text');
  },

  'refuses what is no condition, with a reason and a place in the text': ({ evaluator, samples: { refused } }) => {
    demand(refused.length >= 5, 'at least five samples of what is refused');
    for (const text of [...refused, ...HOSTILE]) {
      const compilation = evaluator.compile(text, KIT_SCOPE);
      demand(!compilation.ok, `${text.slice(0, 40)} is compiled`);
      demand(compilation.faults.length > 0, `${text.slice(0, 40)} is refused without a fault`);
      for (const { at, message } of compilation.faults) {
        demand(message.length > 0 && message.length <= 1_000, `a message of ${message.length} characters`);
        demand(at === null || (Number.isInteger(at) && at >= 0 && at <= text.length), `a place ${at} outside of the text`);
      }
    }
  },

  'reads nothing of a resource whose type is not known, but what all have': ({ evaluator, samples }) => {
    demand(
      !evaluator.compile(samples.isSmall, { ...KIT_SCOPE, resourceType: null }).ok,
      'resource.amount of any type is compiled',
    );
    demand(
      !evaluator.compile(samples.isSmall, { ...KIT_SCOPE, resourceType: 'report' }).ok,
      'resource.amount of a report is compiled',
    );
  },

  'decides by the values': (bench) => {
    const { isSales, isSmall, isStaff } = bench.samples;
    demandOutcome(compiled(bench, isSales).evaluate(inputOf()), 'true', isSales);
    demandOutcome(compiled(bench, isSales).evaluate(inputOf({ 'subject.department': 'it' })), 'false', isSales);
    demandOutcome(compiled(bench, isSmall).evaluate(inputOf({ 'resource.amount': 99 })), 'true', isSmall);
    demandOutcome(compiled(bench, isSmall).evaluate(inputOf({ 'resource.amount': 100 })), 'false', isSmall);
    demandOutcome(compiled(bench, isStaff).evaluate(inputOf()), 'true', isStaff);
    demandOutcome(compiled(bench, isStaff).evaluate(inputOf({ 'subject.groups': [] })), 'false', isStaff);
  },

  'takes parameters from the input, not from where it was compiled': (bench) => {
    const condition = compiled(bench, bench.samples.isSmall);
    const input = inputOf({ 'resource.amount': 150 }, { params: { limit: 200 } });
    demandOutcome(condition.evaluate(input), 'true', 'another limit');
  },

  'says what is missing, and with the residual what it would have said': (bench) => {
    const result = compiled(bench, bench.samples.isSmall).evaluate(inputOf());
    demand(result.outcome === 'unknown', `an amount that is not known: ${JSON.stringify(result)}`);
    demandEqual(result.missing, ['resource.amount'], 'missing');
    demand(!result.residual.includes('params'), `parameters are not put in: ${result.residual}`);
    const residual = compiled(bench, result.residual, { ...KIT_SCOPE, params: {} });
    for (const amount of [99, 100]) {
      const input = inputOf({ 'resource.amount': amount });
      const whole = compiled(bench, bench.samples.isSmall).evaluate(input);
      demandOutcome(residual.evaluate({ ...input, params: {} }), whole.outcome, `${result.residual} with ${amount}`);
    }
  },

  'decides in spite of what is not known, where that does not matter, and only there': (bench) => {
    const condition = compiled(bench, bench.samples.activeOrOpen);
    demandOutcome(condition.evaluate(inputOf({ 'subject.active': true })), 'true', 'one half is true');
    demandOutcome(condition.evaluate(inputOf({ 'resource.open': true })), 'true', 'the other half is true');
    demandOutcome(condition.evaluate(inputOf({ 'subject.active': false })), 'unknown', 'one half is false');
    const left = condition.evaluate(inputOf({}));
    demandEqual(left.outcome === 'unknown' ? left.missing : left, ['resource.open', 'subject.active'], 'nothing is known');
  },

  'fails for values of another type than declared, and for null': (bench) => {
    const { isSmall, isSales, isStaff } = bench.samples;
    for (const amount of ['5', 5.5, [5], { amount: 5 }, true, null]) {
      demandOutcome(
        compiled(bench, isSmall).evaluate(inputOf({ 'resource.amount': amount })),
        'error',
        `an amount of ${JSON.stringify(amount)}`,
      );
    }
    demandOutcome(
      compiled(bench, isSales).evaluate(inputOf({ 'subject.department': ['sales'] })),
      'error',
      'a list of departments',
    );
    demandOutcome(
      compiled(bench, isStaff).evaluate(inputOf({ 'subject.groups': 'staff' })),
      'error',
      'a group instead of a list',
    );
  },

  'asks for nothing but what it says that it reads, and reads no inherited parameter': (bench) => {
    const { isSmall } = bench.samples;
    const asked = new Set<string>();
    for (const text of all(bench.samples)) {
      const condition = compiled(bench, text);
      const lookup = (root: string, name: string): undefined => {
        asked.add(`${root}.${name}`);
        demand(condition.reads.includes(`${root}.${name}`), `${text} asks for ${root}.${name}`);
      };
      condition.evaluate(inputOf(KNOWN, { lookup }));
      condition.nextEdge(inputOf(KNOWN, { lookup }), NOON);
    }
    demand(asked.has('subject.department'), 'nothing was asked for');
    const params = Object.create({ limit: 1_000 }) as Record<string, never>;
    const result = compiled(bench, isSmall).evaluate(inputOf({ 'resource.amount': 5 }, { params }));
    demand(result.outcome !== 'true', 'an inherited parameter is read');
  },

  'never throws, whatever it is handed': (bench) => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as AttributeValue;
    const lookups: readonly ConditionInput['lookup'][] = [
      () => deep,
      () => 'x'.repeat(1_000_000),
      () => Array.from({ length: 100_000 }, () => 'x'),
      () => {
        throw new Error('out of order');
      },
    ];
    for (const text of all(bench.samples)) {
      for (const lookup of lookups) {
        const condition = compiled(bench, text);
        const { outcome } = condition.evaluate(inputOf({}, { lookup }));
        const isSettled = condition.reads.every((path) => path === 'now');
        demand(isSettled || outcome === 'error', `${text} is ${outcome} for values beyond all limits`);
        condition.nextEdge(inputOf({}, { lookup }), NOON);
      }
    }
  },

  'takes from the budget just what it says that it costs, and never more than it said before': (bench) => {
    for (const text of all(bench.samples)) {
      const condition = compiled(bench, text);
      const input = inputOf();
      const { cost } = condition.evaluate(input);
      demandEqual(input.budget.left, REQUEST_BUDGET - cost, `what is left after ${text}`);
      demand(cost >= 0 && cost <= condition.costLimit, `${text} costs ${cost}, and said ${condition.costLimit}`);
      demand(condition.costLimit <= CONDITION_BUDGET, `${text} may cost ${condition.costLimit}`);
    }
  },

  'costs more where there is more to do': (bench) => {
    const condition = compiled(bench, bench.samples.isStaff);
    const costOf = (length: number): number =>
      condition.evaluate(inputOf({ 'subject.groups': Array.from({ length }, (_, index) => `group-${index}`) })).cost;
    demand(costOf(200) >= costOf(10) + 190, `200 groups cost ${costOf(200)}, 10 cost ${costOf(10)}`);
  },

  'stops when the budget is used up, traced or not': (bench) => {
    const condition = compiled(bench, bench.samples.isStaff);
    for (const trace of [undefined, [] as TraceStep[]]) {
      const input = inputOf(KNOWN, { budget: { left: 2 } });
      demandOutcome(condition.evaluate(input, trace), 'error', 'two units for a walk');
      demand(input.budget.left >= 0 && input.budget.left <= 2, `${input.budget.left} units are left`);
    }
  },

  'answers the same when it is traced, with steps that are plain data': (bench) => {
    for (const text of all(bench.samples)) {
      const condition = compiled(bench, text);
      const steps: TraceStep[] = [];
      demandEqual(condition.evaluate(inputOf(), steps), condition.evaluate(inputOf()), `${text}, traced`);
      demand(steps.length > 0, `${text} has no steps`);
      demandEqual(JSON.parse(JSON.stringify(steps)), steps, 'the steps as JSON');
    }
  },

  'knows no time but that of the input': (bench) => {
    const condition = compiled(bench, bench.samples.beforeNoon);
    demandOutcome(condition.evaluate(inputOf(KNOWN, { now: NOON - 1 })), 'true', 'a millisecond before noon');
    demandOutcome(condition.evaluate(inputOf(KNOWN, { now: NOON })), 'false', 'noon');
    demandOutcome(condition.evaluate(inputOf(KNOWN, { now: 0 })), 'true', 'in 1970');
  },

  'has no edges where it does not read now, and none after the end that was asked about': (bench) => {
    const { isSales, beforeNoon } = bench.samples;
    demandEqual(compiled(bench, isSales).nextEdge(inputOf(), NOON + 1_000 * HOUR), null, 'an edge without now');
    const until = compiled(bench, beforeNoon).nextEdge(inputOf(), NOON - 1);
    demandEqual(until, null, 'an edge after the end');
  },

  'tells each change by time before it is there': (bench) => {
    for (const text of [bench.samples.beforeNoon, bench.samples.officeHours]) {
      const condition = compiled(bench, text);
      const from = Date.parse('2026-03-28T00:00:00Z');
      demandChangesAreTold(condition, { from, until: from + 48 * HOUR });
      demandChangesAreTold(condition, { from: NOON - 6 * HOUR, until: NOON + 6 * HOUR });
    }
  },

  'keeps nothing between evaluations': (bench) => {
    const condition = compiled(bench, bench.samples.isSales);
    for (const department of ['sales', 'it', 'sales']) {
      const expected = department === 'sales' ? 'true' : 'false';
      demandOutcome(condition.evaluate(inputOf({ 'subject.department': department })), expected, department);
    }
    demandOutcome(condition.evaluate(inputOf({})), 'unknown', 'no department');
  },
};

/** Minute by minute. */
function demandChangesAreTold(
  condition: CompiledCondition,
  { from, until }: { readonly from: number; readonly until: number },
): void {
  let before = condition.evaluate(inputOf(KNOWN, { now: from })).outcome;
  let edge = condition.nextEdge(inputOf(KNOWN, { now: from }), until);
  for (let now = from + 60_000; now <= until; now += 60_000) {
    const input = inputOf(KNOWN, { now });
    const { outcome } = condition.evaluate(input);
    const isEdge = edge !== null && edge <= now;
    demand(
      isEdge || outcome === before,
      `${condition.expression} became ${outcome} at ${new Date(now).toISOString()} unannounced`,
    );
    before = outcome;
    if (!isEdge) continue;
    edge = condition.nextEdge(input, until);
    demand(edge === null || (edge > now && edge <= until), `an edge at ${edge} after ${now}`);
  }
}
