import { beforeAll, describe, expect, it } from '@jest/globals';
import { DefaultDelegationEngine } from '#engines/delegation/default.delegation.engine.js';
import { RULES } from '../../../engines/delegation/restrictions.js';
import { type Cell, CLIENTS, differs, everyCell, firstDifference, nameOf, reachedBy } from './presenter-matrix.js';

const told = ({ client, token, application, keys, came, may, code }: Cell): string =>
  `${client.name} hands in ${nameOf(token)} for ${application} with ${keys.join() || 'no key'}: came ${code || nameOf(came)}, may ${nameOf(may)}`;

describe('The presenter matrix', () => {
  let cells: readonly Cell[];
  beforeAll(async () => {
    cells = await everyCell();
  }, 60_000);

  it('has every client with every token, audience, azp, cnf, target and key, over three hops', () => {
    const issued = cells.flatMap(({ came }) => (came === null ? [] : [came]));
    expect(Math.max(...issued.map(({ exchanges }) => exchanges))).toBe(3);
    expect(Math.max(...issued.map(({ actors }) => actors.length))).toBe(3);
    expect(new Set(issued.map(nameOf)).size).toBeGreaterThan(60);
    expect(new Set(issued.map(({ issuedTo }) => issuedTo)).size).toBe(CLIENTS.length);
    expect(cells.length).toBeGreaterThan(8_000);
  });

  it('issues what an independent reading of the rules issues, and nothing else: no token too many, and none missing', () => {
    expect(cells.filter(differs).map(told)).toEqual([]);
  });

  it.each(CLIENTS.map((client) => [client.name, client] as const))(
    'gives a compromised %s, which presents whatever it has seen, no token too many',
    (_name, client) => {
      const came = reachedBy(client, cells, (cell) => cell.came);
      const may = reachedBy(client, cells, (cell) => cell.may);
      expect([...came].filter((token) => !may.has(token))).toEqual([]);
      expect(came.size).toBe(may.size);
      expect(came.size).toBeGreaterThan(0);
    },
  );
});

/** The others are met a second time before or after: by who settles a public client, by the verifier, by the list of hops. */
const NOTICED_ALONE = ['hop', 'chain', 'binding-required', 'delegation-ceiling', 'narrowing', 'target'];

describe('The model of the matrix', () => {
  it.each([...NOTICED_ALONE.map((name) => [name]), ['presenter', 'hop']])(
    'finds out that %s is gone',
    async (...names) => {
      const weakened = new DefaultDelegationEngine(RULES.filter((rule) => !names.includes(rule.name)));
      expect(await firstDifference(weakened)).toBeDefined();
    },
    60_000,
  );
});
