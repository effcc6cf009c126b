import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SubjectFacts } from '#accessors/facts/contract.js';
import { EMPTY_POLICY, type PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import type { PermissionChange } from '#managers/policy/contract.js';
import { ImpactAnalysis } from '../../../managers/policy/impact/impact.js';
import { Patterns } from '../../../managers/policy/impact/patterns.js';
import { standingDifference } from '../../../managers/policy/impact/standing-difference.js';
import { NO_TOKEN, PolicyStandings } from '../../../managers/policy/impact/standing.js';
import { CONTEXT } from '../../support/accessor-parts.js';
import { evaluator } from './judge.js';
import { application, policy } from './policy.arbitrary.js';
import { asked } from './question.arbitrary.js';
import { BASE } from './times.js';

/** `PLAN_PAIRS=100000` for a long run. */
const PAIRS = Number(process.env['PLAN_PAIRS'] ?? 250);
const SEED = Number(process.env['PERMISSION_SEED'] ?? 20_260);
const HORIZON_MS = 32 * 24 * 3_600_000;
const KEYS = ['ana', 'bo', 'cy', 'di'];

interface Case {
  readonly before: PolicyVersion;
  readonly after: PolicyVersion;
  readonly applications: readonly Application[];
  readonly subjects: readonly SubjectFacts[];
}

const EMPTY: PolicyVersion = { ...EMPTY_POLICY, tenantId: 't1', set: 'main', sequence: 0 };
const SECTIONS = ['roles', 'mappings', 'bindings', 'tiers', 'gates', 'denies', 'stepUps', 'conditions'] as const;

/** Mostly a policy and the same with some sections of another one: what differs little is what may be skipped. */
const pair: fc.Arbitrary<Pick<Case, 'before' | 'after'>> = fc
  .record({
    one: policy,
    other: policy,
    sections: fc.subarray([...SECTIONS], { minLength: 1, maxLength: 2 }),
    kind: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ one, other, sections, kind }) => {
    const mixed = { ...one, ...Object.fromEntries(sections.map((section) => [section, other[section]])) };
    if (kind === 0) return { before: EMPTY, after: one };
    if (kind === 1) return { before: one, after: EMPTY };
    return { before: one, after: mixed };
  });

/**
 * People of one tenant: what is the tenant's is the same for all of them. Half of the time they have the very same facts, but for one
 * part that the last ones have otherwise.
 */
const subjects: fc.Arbitrary<readonly SubjectFacts[]> = fc
  .record({
    questions: fc.array(asked, { minLength: KEYS.length, maxLength: KEYS.length }),
    areAlike: fc.boolean(),
    part: fc.constantFrom('assignments', 'groups', 'grants', 'subject'),
  })
  .map(({ questions, areAlike, part }) => {
    const [first] = questions;
    if (first === undefined) return [];
    return questions.map(({ facts }, at) => {
      const key = KEYS[at] ?? '';
      const alike = at < 2 ? first.facts : { ...first.facts, [part]: facts[part] };
      const { subject, groups, assignments, grants } = areAlike ? alike : facts;
      return { ...first.facts, groups, assignments, grants, subject: { ...NOBODY, ...subject, id: key, key } };
    });
  });

const NOBODY = {
  kind: 'user',
  status: 'active',
  attributes: {},
  primaryIdentity: { instance: 'oidc:https://idp.example', externalId: 'u1' },
} as const;

const cases: fc.Arbitrary<Case> = fc
  .tuple(pair, application, subjects)
  .map(([policies, billing, people]) => ({ ...policies, applications: [billing, elsewhere(billing)], subjects: people }));

function elsewhere(billing: Application): Application {
  const permissions = ['other:place:see', 'other:place:go'].map((name, bit) => ({ name, bit, maxLifetimeSeconds: null }));
  return { ...billing, id: 'a2', audience: 'https://other.example', prefix: 'other', permissions };
}

const engine = () => new DefaultPermissionEngine({ conditionEvaluator: evaluator });

async function planned({ before, after, applications, subjects: people }: Case) {
  const [tenant] = people;
  if (tenant === undefined) throw new Error('nobody');
  const factAccess = {
    factsOf: async () => ({ ...tenant, subject: null, groups: [], assignments: [], grants: [] }),
    factsOfMany: async () => people,
  };
  const question = { before, after, applications, now: BASE };
  const { stored } = await new ImpactAnalysis({ permissionEngine: engine(), factAccess }, question).run(CONTEXT);
  return stored;
}

/** Everybody at every application under both policies, one by one, with nothing left out and nothing remembered. */
function asOneWouldByHand({ before, after, applications, subjects: people }: Case): readonly PermissionChange[] {
  return people.flatMap((facts) =>
    applications.flatMap((each) => {
      const permissions = each.permissions.map((one) => ({ ...one, maxLifetimeSeconds: null }));
      const forever = { ...each, permissions };
      const side = (version: PolicyVersion) => {
        const permissionEngine = engine();
        const standings = new PolicyStandings(
          { engine: permissionEngine, patterns: new Patterns(permissionEngine) },
          // One binding that concerns nobody, so that no policy is taken for one that grants nothing.
          { ...version, bindings: [...version.bindings, { ...NOBODYS, id: 'nobodys' }] },
        );
        const standing = standings.of({ facts, application: forever, claims: NO_TOKEN, now: BASE, until: BASE + HORIZON_MS });
        return { standings, standing };
      };
      const changes = standingDifference(forever, side(before), side(after));
      return changes.map((change) => ({ subject: facts.subject?.key ?? '', ...change }));
    }),
  );
}

const NOBODYS: PolicyVersion['bindings'][number] = {
  id: 'nobodys',
  principal: 'subject:nobody',
  role: null,
  permissions: ['billing:invoice:read'],
  unit: null,
  resource: null,
  condition: null,
  valid: { from: null, until: null },
};

describe('a plan', () => {
  it(
    `finds for everybody what asking one by one finds, whatever it skips (${String(PAIRS)} pairs of policies)`,
    async () => {
      const kinds = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(cases, async (each) => {
          const stored = await planned(each);
          const expected = asOneWouldByHand(each);
          expect(stored.changes).toEqual(expected);
          expect(stored.changed).toBe(new Set(expected.map(({ subject }) => subject)).size);
          const counted = Object.values(stored.byRisk).flatMap((counts) => Object.entries(counts));
          for (const kind of new Set(counted.map(([name]) => name))) {
            const sum = counted.filter(([name]) => name === kind).reduce((total, [, times]) => total + times, 0);
            expect(sum).toBe(expected.filter(({ change }) => change === kind).length);
            kinds.set(kind, (kinds.get(kind) ?? 0) + sum);
          }
          expect((await planned(each)).digest()).toBe(stored.digest());
        }),
        { numRuns: PAIRS, seed: SEED, endOnFailure: true },
      );
      for (const kind of ['gained', 'lost', 'became_conditional', 'became_unconditional', 'residual_changed', 'horizon_moved'])
        expect([kind, (kinds.get(kind) ?? 0) > PAIRS / 50]).toEqual([kind, true]);
    },
    Math.max(60_000, PAIRS * 20),
  );
});
