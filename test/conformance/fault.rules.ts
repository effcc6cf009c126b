import { CATALOGUE } from '#utilities/errors/catalogue.js';
import type { Claims, Fault } from '#engines/token-validation/identity-provider.contract.js';
import { CANARY, hostileVariants } from './hostile-claims.js';
import type { AccessSample } from './identity-provider.samples.js';
import { demand, firstFault, tokenOf, type KitRule, type KitSubject } from './kit.js';

const LONGEST = 600;
const ONE_LINE = /^[\x20-\x7e]+$/;

function eachFault({ provider, samples }: KitSubject, visit: (fault: Fault, claims: Claims, sample: AccessSample) => void): void {
  for (const sample of samples.access) {
    for (const claims of hostileVariants(sample.claims)) {
      const fault = firstFault(provider, tokenOf(sample, claims));
      if (fault !== undefined) visit(fault, claims, sample);
    }
  }
}

const isOneLine = (text: string): boolean => ONE_LINE.test(text) && text.length <= LONGEST && !text.includes(CANARY);

export const FAULT_RULES: readonly KitRule[] = [
  {
    id: 'fault-codes',
    says: 'refuses with codes of the catalogue alone',
    holds(subject) {
      eachFault(subject, ({ code }) => demand(Object.hasOwn(CATALOGUE, code), `${code} is not in the catalogue`));
    },
  },
  {
    id: 'fault-texts',
    says: 'says in one printable line each what the token has and what was expected, however long or hostile the claim',
    holds(subject) {
      eachFault(subject, ({ code, actual, expected }, _claims, { title }) => {
        demand(isOneLine(actual), `${title}, ${code}: what the token has is not a short printable line`);
        demand(isOneLine(expected), `${title}, ${code}: what was expected is not a short printable line`);
      });
    },
  },
  {
    id: 'remedies',
    says: 'has a next step for each fault, which repeats nothing from the token',
    holds(subject) {
      eachFault(subject, (fault, claims, { header, title }) => {
        const own = fault.remedy ?? subject.provider.remedyFor(fault, { header, claims });
        const remedy = own ?? CATALOGUE[fault.code].remedy.join(' ');
        demand(remedy.trim() !== '', `${title}, ${fault.code}: no next step`);
        demand(!remedy.includes(CANARY) && !remedy.includes('\n'), `${title}, ${fault.code}: the next step repeats a claim`);
      });
    },
  },
];
