import { beforeAll, describe, expect, it } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '#engines/token-validation/contract.js';
import { mutantAt, type Mutant } from './mutator/mutator.js';
import { makeFuzzWorld } from './mutator/fuzz-world.js';
import { compare } from './comparison.js';
import { Oracle } from './oracle/oracle.js';
import { realSubject } from './subject/subject.js';
import { Fuzz, type FuzzCounts } from './fuzz-run.js';

const MUTANTS = 20_000;
/** Five seconds of work. */
const ON_A_BUSY_MACHINE = 240_000;

describe('Twenty thousand mutated tokens', () => {
  let counts: FuzzCounts;

  beforeAll(async () => {
    counts = await new Fuzz().run({ seed: 20_000, from: 0, to: MUTANTS });
  }, ON_A_BUSY_MACHINE);

  it('are judged by the engine as by the oracle that shares no code with it', () => {
    expect(counts.differences).toEqual([]);
    expect(counts).toMatchObject({ mutants: MUTANTS, wrongAccepts: 0, disagreements: 0 });
  });

  it('hold enough good ones, and enough that break one claim rule alone, to prove something', () => {
    expect(counts.valid).toBeGreaterThan(0.1 * MUTANTS);
    expect(counts.oneClaimRule).toBeGreaterThan(0.3 * MUTANTS);
    expect(Object.keys(counts.classes)).toHaveLength(10);
  });

  it('meet nearly every refusal that there is for a subject token', () => {
    expect(Object.keys(counts.answers).length).toBeGreaterThan(33);
  });
});

describe('A good token', () => {
  const fuzz = makeFuzzWorld();
  const real = realSubject(fuzz.world);
  const oracle = new Oracle(fuzz.world);

  async function firstGood(): Promise<{ readonly mutant: Mutant; readonly principal: Principal }> {
    for (let index = 0; ; index += 1) {
      const mutant = mutantAt(fuzz, 1, index);
      const principal = await real(mutant.token, mutant.presenter);
      if (typeof principal !== 'string') return { mutant, principal };
    }
  }

  it.each<[string, Partial<Principal>]>([
    ['somebody else', { identity: { instance: 'oidc:https://idp.example', externalId: 'mallory' } }],
    ['software', { kind: 'workload' }],
    ['a person', { kind: 'user' }],
    ['a token of this client', { case: 'own' }],
    ['a token of another client', { case: 'on-behalf-of' }],
    ['someone with more roles', { roles: ['admin'] }],
    ['someone whose groups are all there', { groupsOverage: false }],
    ['someone whose groups were left out', { groupsOverage: true }],
    ['a token that lasts longer', { expiresAt: 2 ** 33 }],
  ])('is accepted wrongly where it is taken for %s', async (_title, change) => {
    const { mutant, principal } = await firstGood();
    const changed = { ...principal, ...change };
    const { difference } = await compare(mutant, async () => changed, oracle);
    expect(difference).toBe(isDeepStrictEqual(changed, principal) ? undefined : 'wrong accept');
  });
});

describe('A mutant', () => {
  it('can be made again from seed and index', () => {
    const fuzz = makeFuzzWorld();
    const made = (seed: number) => Array.from({ length: 300 }, (_, index) => mutantAt(fuzz, seed, index));
    const texts = (seed: number) => made(seed).map(({ description, token }) => `${description} ${token.split('.')[1] ?? ''}`);
    expect(texts(5)).toEqual(texts(5));
    expect(texts(5)).not.toEqual(texts(6));
  });
});
