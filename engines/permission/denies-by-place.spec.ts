import { describe, expect, it } from '@jest/globals';
import type { AttributeDeclaration } from '#accessors/policy/contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import { CelConditionEvaluator } from './cel/cel.condition-evaluator.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { binding, questionOf, READ, requestOf, type Situation } from './fixtures/asking.fixture.js';
import { assignment, rolesOf } from './fixtures/question.fixture.js';

const engine = new DefaultPermissionEngine({ conditionEvaluator: new CelConditionEvaluator() });
const ATTRIBUTES: readonly AttributeDeclaration[] = [
  { root: 'subject', name: 'level', type: 'int', resourceType: null, source: 'db' },
  { root: 'resource', name: 'region', type: 'string', resourceType: 'invoice', source: 'pep' },
];
const CONDITIONS = {
  'known to be false': 'false',
  'known to be true': 'true',
  'about the subject, which is not known': 'subject.level >= 2',
  'about the resource': 'resource.region == "eu"',
  'about both': 'resource.region == "eu" && !(subject.level >= 2)',
  'that fails': '1 / 0 > 0',
} as const;

/** Everybody may read; a deny names a role that the subject has in `org` alone, under a condition. */
const inOrg = (expression: string): Situation => ({
  policy: {
    attributes: ATTRIBUTES,
    conditions: [{ key: 'held', expression }],
    roles: rolesOf({ held: {} }),
    bindings: [binding('all', { permissions: [READ], resource: { type: 'invoice', ids: null, path: null } })],
    denies: [{ id: 'd', principals: ['role:held'], permissions: [READ], except: [], condition: null, valid: ALWAYS }],
  },
  facts: { assignments: [assignment('held', { unit: 'org', condition: { key: 'held', params: {} } })] },
});
const mayReadIn = (expression: string, unit: string): boolean =>
  engine.decide(questionOf(inOrg(expression), READ, { type: 'invoice', id: 'i', unit, path: null, attributes: {} })).allowed;

describe('A deny of a role that is held in one place, if at all', () => {
  it.each(Object.entries(CONDITIONS))(
    'applies there unless it is certain that it is not held: a condition %s',
    (title, expression) => {
      expect(mayReadIn(expression, 'org')).toBe(title === 'known to be false');
      expect(mayReadIn(expression, 'org.emea')).toBe(title === 'known to be false');
    },
  );

  it.each(Object.entries(CONDITIONS))(
    'is never widened by what an exchange leaves open: a condition %s',
    (_title, expression) => {
      const decision = engine.effectivePermissions(requestOf(inOrg(expression)));
      const permissions = decision.effect === 'granted' ? decision.permissions : [];
      expect(permissions).toEqual([]);
      for (const unit of ['org', 'org.emea']) {
        if (decision.effect !== 'granted' || expression === 'false') continue;
        for (const { residual } of decision.conditional)
          expect([unit, residual]).toEqual([unit, expect.stringContaining('resource.unit')]);
      }
    },
  );
});

describe('A deny of a role that is held by a way that fails', () => {
  const failing = inOrg('1 / 0 > 0');
  const residuals = (situation: Situation): readonly string[] => {
    const decision = engine.effectivePermissions(requestOf(situation));
    return decision.effect === 'granted' ? decision.conditional.map(({ residual }) => residual) : [];
  };
  const withAssignments = (...assignments: readonly ReturnType<typeof assignment>[]): Situation => ({
    ...failing,
    facts: { assignments: [...(failing.facts?.assignments ?? []), ...assignments] },
  });
  const on = (situation: Situation, unit: string): boolean =>
    engine.decide(questionOf(situation, READ, { type: 'invoice', id: 'i', unit, path: null, attributes: {} })).allowed;

  it('applies in the place that the way leads to, and nowhere else', () => {
    expect(residuals(failing)).toEqual([expect.stringContaining('!(resource.unit == "org"')]);
    expect([on(failing, 'org'), on(failing, 'elsewhere')]).toEqual([false, true]);
  });

  it('applies everywhere when the way has no place, whatever other ways have', () => {
    const everywhere = withAssignments(assignment('held', { condition: { key: 'held', params: {} } }));
    expect(residuals(everywhere)).toEqual([]);
    expect([on(everywhere, 'org'), on(everywhere, 'elsewhere')]).toEqual([false, false]);
  });

  it('leaves open where it applies, whatever else a narrower way would ask for', () => {
    const policy = {
      ...failing.policy,
      conditions: [
        { key: 'held', expression: '1 / 0 > 0' },
        { key: 'level', expression: 'subject.level >= 2' },
      ],
    };
    const narrower = assignment('held', { unit: 'org', condition: { key: 'level', params: {} } });
    const both = { ...withAssignments(narrower), policy };
    expect(residuals(both)).toEqual(residuals(failing));
    expect([on(both, 'org'), on(both, 'elsewhere')]).toEqual([false, true]);
  });

  it('leaves open whom it excepts, whatever else a narrower way would ask for', () => {
    const everybody = {
      id: 'd',
      principals: ['all'],
      permissions: [READ],
      except: ['role:held'],
      condition: null,
      valid: ALWAYS,
    };
    const held = inOrg('true');
    const level = [
      { key: 'held', expression: 'true' },
      { key: 'level', expression: 'subject.level >= 2' },
    ];
    const narrower = assignment('held', { unit: 'org', condition: { key: 'level', params: {} } });
    const both: Situation = {
      policy: { ...held.policy, conditions: level, denies: [everybody] },
      facts: { assignments: [...(held.facts?.assignments ?? []), narrower] },
    };
    expect(residuals(both)).toEqual([expect.stringContaining('!(!(resource.unit == "org"')]);
    expect([on(both, 'org'), on(both, 'elsewhere')]).toEqual([true, false]);
  });
});
