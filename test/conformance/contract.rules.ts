import type { Claims, IdentityProvider } from '#engines/token-validation/identity-provider.contract.js';
import { deepFrozen, hostileVariants } from './hostile-claims.js';
import type { AccessSample } from './identity-provider.samples.js';
import { demand, demandEqual, objection, tokenOf, type KitRule, type KitSubject } from './kit.js';

const NAME = /^[a-z][a-z0-9-]{0,63}$/;
/** The checks that the engine runs for every provider. */
const ENGINE_CHECKS = new Set(
  (
    'shape header own-issuer trusted-issuer purpose algorithm type key-id key signature key-issuer token-kind ' +
    'required-claims audience confirmation expiry not-before age presenter-conflict presenter'
  ).split(' '),
);

function eachVariant({ samples }: KitSubject, visit: (sample: AccessSample, claims: Claims) => void): void {
  for (const sample of samples.access) for (const claims of hostileVariants(sample.claims)) visit(sample, claims);
}

/** Everything that a provider says of unverified claims. */
function answers(provider: IdentityProvider, { header, issuer }: AccessSample, claims: Claims): readonly unknown[] {
  const fault = objection(provider, { header, claims, issuer, key: null });
  return [
    fault,
    provider.acceptedTypes(issuer),
    provider.presenterOf(claims, issuer),
    provider.kindOf(claims, issuer),
    provider.recognises(header, claims),
    fault === undefined ? undefined : provider.remedyFor(fault, { header, claims }),
  ];
}

export const CONTRACT_RULES: readonly KitRule[] = [
  {
    id: 'name',
    says: 'has one name in lower case, and the same each time it is made',
    holds({ create, provider }) {
      demand(NAME.test(provider.name), `the name is ${JSON.stringify(provider.name)}`);
      demandEqual(create().name, provider.name, 'name');
    },
  },
  {
    id: 'check-names',
    says: 'gives each of its checks a name of its own',
    holds({ provider }) {
      const names = [...provider.checks, ...(provider.acceptance ?? [])].map(({ name }) => name);
      demand(new Set(names).size === names.length, `a name is there twice: ${names.join(', ')}`);
      const bad = names.find((name) => !NAME.test(name) || ENGINE_CHECKS.has(name));
      demand(bad === undefined, `${bad ?? ''} is not a name, or the name of a check that every token passes`);
    },
  },
  {
    id: 'pure',
    says: 'answers the same each time and changes nothing that it is given',
    holds({ create, provider, samples }) {
      for (const sample of samples.access) {
        const frozen = deepFrozen(structuredClone(sample));
        const all = (one: IdentityProvider) => [
          ...answers(one, frozen, frozen.claims),
          one.toPrincipal(frozen.claims, frozen.issuer),
        ];
        const first = all(provider);
        demandEqual(all(provider), first, `${sample.title}: the second answer`);
        demandEqual(all(create()), first, `${sample.title}: the answer of another instance`);
      }
    },
  },
  {
    id: 'never-throws',
    says: 'never throws for what a token holds',
    holds(subject) {
      eachVariant(subject, (sample, claims) => {
        answers(subject.provider, sample, claims);
        answers(subject.provider, { ...sample, header: claims }, sample.claims);
      });
    },
  },
  {
    id: 'principal-of-accepted',
    says: 'describes whoever passes its checks, in strings and never partly',
    holds(subject) {
      eachVariant(subject, (sample, claims) => describesIfAccepted(subject.provider, sample, claims));
    },
  },
];

function describesIfAccepted(provider: IdentityProvider, sample: AccessSample, claims: Claims): void {
  if (!isAcceptable(provider, sample, claims)) return;
  const { identity, roles, groups, groupsOverage } = provider.toPrincipal(claims, sample.issuer);
  const texts: readonly unknown[] = [...roles, ...groups, identity.instance, identity.externalId];
  demand(
    texts.every((text) => typeof text === 'string'),
    `${sample.title}: the principal holds something that is not a string`,
  );
  demand(identity.instance !== '' && identity.externalId !== '', `${sample.title}: the identity is empty`);
  demand(typeof groupsOverage === 'boolean', `${sample.title}: groupsOverage is not a boolean`);
}

const isDate = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 2 ** 33;
const isIdentifier = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && value.length <= 1_024 && !/\p{Cc}/u.test(value);

/** Whether the engine would go on to ask who this is: what it checks for every provider holds, and the provider does not object. */
function isAcceptable(provider: IdentityProvider, sample: AccessSample, claims: Claims): boolean {
  const common =
    ['iss', 'sub'].every((name) => isIdentifier(claims[name])) &&
    ['exp', 'iat'].every((name) => isDate(claims[name])) &&
    ['azp', 'client_id', 'tid', 'jti'].every((name) => claims[name] === undefined || typeof claims[name] === 'string') &&
    claims['iss'] === sample.claims['iss'];
  return common && objection(provider, tokenOf(sample, claims)) === undefined;
}
