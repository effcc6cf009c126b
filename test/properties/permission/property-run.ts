/** Worlds by fast-check, and in each of them many questions; every property is asked of every question. */
import fc from 'fast-check';
import type { Deny, PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { CheckedResource } from '#engines/permission/contract.js';
import {
  differenceOfAnswers,
  differenceOfChecks,
  differenceOfHorizons,
  differenceOfResiduals,
  type Circumstance,
  type Difference,
} from './comparison.js';
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

export const QUESTIONS_PER_WORLD = 20;

export const worldOf: fc.Arbitrary<World> = fc.record({ policy, application, deny });
export const putOf: fc.Arbitrary<Put> = fc.record({ asked, resource, context: sampleContext });

export const PROPERTIES: Readonly<Record<string, (judge: Judge, each: Asking) => Difference>> = {
  'effective permissions are those of the second reading': (judge, { request }) => differenceOfAnswers(judge, request),
  'checks are those of the second reading': (judge, { request, resource: about }) => differenceOfChecks(judge, request, about),
  'residuals mean what they stand for': (judge, { request, samples }) => {
    const decision = judge.effectivePermissions(request);
    return decision.effect === 'refused' ? undefined : differenceOfResiduals(decision, request, samples);
  },
  'answers change when the second reading says so': (judge, { request }) => differenceOfHorizons(judge, request),
  ...LAWS,
};

export interface Run {
  readonly judge: () => Judge;
  readonly questions: number;
  readonly seed: number;
  readonly properties: readonly string[];
  /** Told of each question that was judged. */
  readonly onQuestion?: (asking: Asking, judge: Judge) => void;
}

/** @throws Error of fast-check, with the smallest world that was found and what is wrong in it */
export function assertProperties({ judge, questions, seed, properties, onQuestion }: Run): void {
  const checks = properties.map((name) => ({ name, check: PROPERTIES[name] }));
  fc.assert(
    fc.property(worldOf, fc.array(putOf, { minLength: 1, maxLength: QUESTIONS_PER_WORLD, size: 'max' }), (its, puts) => {
      const judging = judge();
      const variants = variantsOf(its.policy, its.deny);
      for (const each of puts) {
        const asking = askingFor(its, each, variants);
        for (const { name, check } of checks) {
          const difference = check?.(judging, asking);
          if (difference !== undefined) throw new Error(`${name}: ${difference}`);
        }
        onQuestion?.(asking, judging);
      }
    }),
    { numRuns: Math.ceil(questions / (QUESTIONS_PER_WORLD / 2)), seed },
  );
}

export function askingFor(its: World, { asked: question, resource: about, context }: Put, variants: Case['variants']): Asking {
  const samples = SAMPLES.map((sample) => ({ resource: { ...about, ...sample }, context }));
  return { request: { ...question, policy: its.policy, application: its.application }, resource: about, variants, samples };
}

const SAMPLES: readonly Partial<CheckedResource>[] = [
  { type: 'invoice', id: 'i1', unit: 'org.emea.ch', path: '/emea/ch', attributes: { amount: 1, region: 'eu' } },
  { type: 'invoice', id: 'i2', unit: 'org.emea', path: '/emea', attributes: { amount: 60, region: 'us' } },
  { type: 'report', id: 'i1', unit: 'org', path: '/emea/ch/zh', attributes: { rows: 5 } },
  { type: 'other', id: 'i3', unit: 'org.apac', path: '/apac', attributes: {} },
];
