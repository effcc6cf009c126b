import { describe, expect, it } from '@jest/globals';
import { DefaultDelegationEngine } from '#engines/delegation/default.delegation.engine.js';
import { RULES } from '../../../engines/delegation/restrictions.js';
import { faultOf, type SubsetCase, SubsetRun } from './subset-run.js';

/** `DELEGATION_POLICIES=100000` for a long run. */
const POLICIES = Number(process.env['DELEGATION_POLICIES'] ?? 5_000);
const SEED = Number(process.env['DELEGATION_SEED'] ?? 20_261);

// CVE-2026-9704 (GHSA-75p6-52g3-rqc8), CVE-2026-56668: an exchange that gives more than it was given.
describe('CVE-2026-9704: what comes of an exchange', () => {
  const kinds = new Map<string, number>();
  const count = (name: string): unknown => kinds.set(name, (kinds.get(name) ?? 0) + 1);

  it(
    `is subject ∩ ceiling ∩ client ∩ requested, no more and no less (${String(POLICIES)} policies)`,
    async () => {
      const run = new SubsetRun();
      const faults: string[] = [];
      for (let index = 0; index < POLICIES && faults.length < 5; index += 1) {
        const each = await run.caseAt(SEED, index);
        if (each === undefined) continue;
        count(`${each.kind}: ${'code' in each.outcome ? 'refused' : 'issued'}`);
        const fault = faultOf(each);
        if (fault !== undefined) faults.push(`${String(index)} ${each.kind}: ${fault}; ${each.told}`);
      }
      expect(faults).toEqual([]);
    },
    Math.max(60_000, POLICIES * 6),
  );

  it('is issued and refused in every case often enough to prove something', () => {
    const all = ['own', 'on behalf of', 'impersonation', 'narrowed', 'hop'].flatMap((kind) => [
      `${kind}: issued`,
      `${kind}: refused`,
    ]);
    expect(all.filter((name) => (kinds.get(name) ?? 0) < POLICIES / 100)).toEqual([]);
  });
});

describe('The comparison', () => {
  async function firstFault(changed: (each: SubsetCase) => SubsetCase): Promise<string | undefined> {
    const run = new SubsetRun();
    for (let index = 0; index < 300; index += 1) {
      const each = await run.caseAt(1, index);
      const fault = each && faultOf(changed(each));
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  it('sees what is too much, and what is too little', async () => {
    expect(await firstFault((each) => ({ ...each, upper: each.upper.slice(1) }))).toMatch(/too much/u);
    expect(await firstFault((each) => ({ ...each, upper: [...each.upper, 'a:x:fly'] }))).toMatch(/too little|is due/u);
    expect(await firstFault((each) => each)).toBeUndefined();
  });

  it.each(['delegation-ceiling', 'narrowing', 'target', 'hop', 'impersonation'])('sees that %s is gone', async (name) => {
    const run = new SubsetRun(new DefaultDelegationEngine(RULES.filter((rule) => rule.name !== name)));
    const faults: string[] = [];
    for (let index = 0; index < 500 && faults.length === 0; index += 1) {
      const each = await run.caseAt(1, index);
      faults.push(...((each && [faultOf(each) ?? []].flat()) ?? []));
    }
    expect(faults).toHaveLength(1);
  });
});
