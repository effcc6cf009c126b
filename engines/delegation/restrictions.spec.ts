import { describe, expect, it } from '@jest/globals';
import type { GrantCase, GrantQuestion } from './contract.js';
import { DefaultDelegationEngine } from './default.delegation.engine.js';
import { GRANTED, SAMPLES } from './fixtures/restriction.samples.js';
import { grantOf } from './grant.js';
import { RULES } from './restrictions.js';

const CASES: readonly GrantCase[] = ['own', 'on-behalf-of', 'impersonation'];
const engine = new DefaultDelegationEngine();
const without = (name: string) => new DefaultDelegationEngine(RULES.filter((rule) => rule.name !== name));

/** Whether somebody would notice that the restriction is gone. */
function isMissed(name: string, question: GrantQuestion): boolean {
  return JSON.stringify(without(name).admit(question)) !== JSON.stringify(engine.admit(question));
}

// dexidp/dex#4889: a restriction that one grant forgot.
describe('GHSA-7qjx-gp9h-65qj: every restriction on every grant', () => {
  const pairs = RULES.flatMap((rule) => CASES.map((each) => [rule.name, each] as const));

  it.each(pairs)('%s, %s: is judged, or there is a reason why not', (name, each) => {
    const rule = RULES.find((candidate) => candidate.name === name);
    const samples = SAMPLES[name]?.[each] ?? [];
    if (rule?.cases.includes(each) === true) {
      expect(rule.exempt[each]).toBeUndefined();
      expect(samples.length).toBeGreaterThan(0);
      return;
    }
    expect(rule?.exempt[each]).toMatch(/\w{3}/);
    expect(samples).toEqual([]);
  });

  it.each(
    Object.entries(SAMPLES).flatMap(([name, byCase]) =>
      Object.entries(byCase).flatMap(([each, questions]) => questions.map((question, at) => ({ name, each, at, question }))),
    ),
  )('$name, $each, sample $at: somebody notices when it is taken away', ({ name, each, question }) => {
    expect(grantOf(question).case).toBe(each);
    expect(isMissed(name, question)).toBe(true);
  });

  it.each(CASES)('%s: is granted where nothing is wrong', (each) => {
    for (const question of GRANTED[each]) {
      expect(engine.admit(question)).toMatchObject({ granted: true, limits: { case: each } });
    }
  });

  it('is listed once, under the name by which samples know it, with where it comes from', () => {
    expect(engine.restrictions().map(({ name }) => name)).toEqual(Object.keys(SAMPLES));
    for (const { source } of engine.restrictions()) expect(source).toMatch(/\w{3}/);
  });

  it('is one of those that refuse or limit: with no restriction at all nothing may come out', () => {
    const open = new DefaultDelegationEngine([]);
    for (const question of Object.values(GRANTED).flat()) {
      expect(open.admit(question)).toMatchObject({ granted: true, limits: { within: [[]] } });
    }
  });
});
