/** Worlds by fast-check, and in each of them many questions; every property is asked of every question. */
import fc from 'fast-check';
import type { Deny, PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { CheckedResource } from '#engines/permission/contract.js';
import {
  differenceOfAnswers,
  differenceOfChecks,
  differenceOfDetails,
  differenceOfHorizons,
  differenceOfResiduals,
  type Circumstance,
  type Difference,
} from './comparison.js';
import { unitHolds } from '../../oracle/permission/names.js';
import type { Judge } from './judge.js';
import { LAWS, variantsOf, type Case } from './laws.js';
import { application, deny, policy } from './policy.arbitrary.js';
import { asked, resource, sampleContext, type Asked } from './question.arbitrary.js';

export interface World {
  readonly policy: PolicyVersion;
  readonly application: Application;
  readonly deny: Deny;
}

export interface Put {
  readonly asked: Asked;
  readonly resource: CheckedResource;
  readonly context: Circumstance['context'];
}

interface Asking extends Case {
  readonly samples: readonly Circumstance[];
}

const QUESTIONS_PER_WORLD = 50;

const worldOf: fc.Arbitrary<World> = fc.record({ policy, application, deny });
const putOf: fc.Arbitrary<Put> = fc.record({ asked, resource, context: sampleContext });
const putsOf = fc.array(putOf, { minLength: QUESTIONS_PER_WORLD, maxLength: QUESTIONS_PER_WORLD });

export const PROPERTIES: Readonly<Record<string, (judge: Judge, each: Asking) => Difference>> = {
  'effective permissions are those of the second reading': (_judge, { request, decision }) =>
    differenceOfAnswers(decision, request),
  'checks are those of the second reading': (judge, { request, resource: about }) => differenceOfChecks(judge, request, about),
  'residuals mean what they stand for': (_judge, { request, decision, samples }) => {
    return decision.effect === 'refused' ? undefined : differenceOfResiduals(decision, request, samples);
  },
  'what details name is allowed': (_judge, { request, decision }) =>
    decision.effect === 'refused' ? undefined : differenceOfDetails(decision, request),
  'answers change when the second reading says so': (judge, { request, decision }) =>
    differenceOfHorizons(judge, decision, request),
  ...LAWS,
};

/** Asked of one question in so many, since each of them asks many others. */
const SELDOM: Readonly<Record<string, number>> = {
  'checks are those of the second reading': 4,
  'residuals mean what they stand for': 4,
  'answers change when the second reading says so': 20,
};

export interface Run {
  readonly judge: () => Judge;
  readonly questions: number;
  readonly seed: number;
  /** Left out: all. */
  readonly properties?: readonly string[];
  /** Left out: the smallest world is looked for. */
  readonly shrinks?: boolean;
  /** Told of each question that was judged. */
  readonly onQuestion?: (asking: Asking, judge: Judge) => void;
}

/** @throws Error with the smallest world and question that was found, and what is wrong in it */
export function assertProperties({
  judge,
  questions,
  seed,
  properties = Object.keys(PROPERTIES),
  shrinks = true,
  onQuestion,
}: Run): void {
  const checks = Object.entries(PROPERTIES).filter(([name]) => properties.includes(name));
  const differences = (its: World, puts: readonly Put[]): Difference => {
    const judging = judge();
    const variants = variantsOf(its.policy, its.deny);
    for (const [index, each] of puts.entries()) {
      const asking = askingFor(its, each, variants, judging);
      for (const [name, check] of checks) {
        const isTurn = checks.length === 1 || index % (SELDOM[name] ?? 1) === 0;
        const difference = isTurn ? check(judging, asking) : undefined;
        if (difference !== undefined) return `${name}: ${difference}\n${short({ ...its, ...each })}`;
      }
      onQuestion?.(asking, judging);
    }
    return undefined;
  };
  let last: Difference;
  const property = fc.property(worldOf, putsOf, (its, puts) => {
    const difference = differences(its, puts);
    last = difference ?? last;
    return difference === undefined;
  });
  const { failed } = fc.check(property, {
    numRuns: Math.ceil(questions / QUESTIONS_PER_WORLD),
    seed,
    endOnFailure: !shrinks,
  });
  if (failed) throw new Error(`seed ${String(seed)}: ${last ?? ''}`);
}

/** Without what is empty, so that a person can read it. */
function short(world: object): string {
  return JSON.stringify(world, (key, value: unknown): unknown => {
    if (key === 'attributes' && Array.isArray(value)) return value.length;
    if (value instanceof Map || value instanceof Set) return [...value];
    return value === null || (Array.isArray(value) && value.length === 0) ? undefined : value;
  });
}

function askingFor(
  its: World,
  { asked: question, resource: about, context }: Put,
  variants: Case['variants'],
  judge: Judge,
): Asking {
  const request = { ...question, policy: its.policy, application: its.application };
  const samples = SAMPLES.map((sample) => ({ resource: withinUnit({ ...about, ...sample }, request.unit), context }));
  return { request, resource: about, decision: judge.effectivePermissions(request), variants, samples };
}

/** An answer about a unit says nothing of resources elsewhere. */
function withinUnit(about: CheckedResource, unit: string | null): CheckedResource {
  const isWithin = unit === null || (about.unit !== null && unitHolds(unit, about.unit));
  return isWithin ? about : { ...about, unit: null };
}

const SAMPLES: readonly Partial<CheckedResource>[] = [
  { type: 'invoice', id: 'i1', unit: 'org.emea.ch', path: '/emea/ch', attributes: { amount: 1, region: 'eu' } },
  { type: 'invoice', id: 'i2', unit: 'org.emea', path: '/emea', attributes: { amount: 60, region: 'us' } },
  { type: 'report', id: 'i1', unit: 'org', path: '/emea/ch/zh', attributes: { rows: 5 } },
  { type: 'other', id: 'i3', unit: 'org.apac', path: '/apac', attributes: {} },
];
