import { describe, expect, it } from '@jest/globals';
import { openingChecks, provingChecks } from '#engines/token-validation/checks/check-order.js';
import { makeFuzzWorld } from './mutator/fuzz-world.js';
import { Fuzz } from './fuzz-run.js';
import { identityProviders } from './subject/subject.js';
import { WorldIssuerAccess } from './subject/world.issuer.access.js';

const LIMIT = 100_000;
const ON_A_BUSY_MACHINE = 120_000;
const fuzz = new Fuzz();

describe('An engine without one check', () => {
  it.each(fuzz.droppable())(
    'is found out when %s is taken away',
    async (name) => {
      const { differences } = await fuzz.runWithout(name, { seed: 1, from: 0, to: LIMIT }, { stopAtFirst: true });
      expect(differences).not.toHaveLength(0);
    },
    ON_A_BUSY_MACHINE,
  );

  it('is tried for every check that the engine has', () => {
    const issuerAccess = new WorldIssuerAccess(makeFuzzWorld().world);
    const opening = openingChecks({ issuerAccess, providers: new Map(), ownIssuer: '' });
    const proving = identityProviders().flatMap((provider) => provingChecks(issuerAccess, provider));
    const names = [...opening, ...proving].map(({ name }) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(fuzz.droppable()).toEqual(expect.arrayContaining(names));
  });

  it('is not mistaken for one that has them all', async () => {
    const { differences } = await fuzz.run({ seed: 1, from: 0, to: 2_000 });
    expect(differences).toEqual([]);
  });
});
