import type { Claims, IdentityProvider, ProviderPrincipal } from '#engines/token-validation/identity-provider.contract.js';
import type { AccessSample } from './identity-provider.samples.js';
import { demand, demandEqual, type KitRule } from './kit.js';

/** Claims that people choose, that change, or that somebody else gets later. */
const MUTABLE_NAMES = [
  'email',
  'upn',
  'unique_name',
  'preferred_username',
  'name',
  'given_name',
  'family_name',
  'nickname',
  'login_hint',
  'phone_number',
  'verified_primary_email',
  'onprem_sid',
  'username',
];
/** Claims that are another in every token of one subject. */
const PASSING = {
  exp: 1_999_999_999,
  iat: 1_700_000_000,
  nbf: 1_700_000_000,
  jti: 'another',
  uti: 'another',
  aio: 'another',
  sid: 'another',
  auth_time: 1,
};

function identityOf(provider: IdentityProvider, { issuer }: AccessSample, claims: Claims): ProviderPrincipal['identity'] {
  return provider.toPrincipal(claims, issuer).identity;
}

export const IDENTITY_RULES: readonly KitRule[] = [
  {
    id: 'identity',
    says: 'gives one subject one identity, whatever the version of its tokens, and two subjects two',
    holds({ provider, samples }) {
      demand(new Set(samples.access.map(({ subject }) => subject)).size > 1, 'there are samples of one subject alone');
      for (const first of samples.access) {
        for (const second of samples.access) {
          const [one, other] = [identityOf(provider, first, first.claims), identityOf(provider, second, second.claims)];
          const same = one.instance === other.instance && one.externalId === other.externalId;
          demand(
            same === (first.subject === second.subject),
            `${first.title} and ${second.title}: ${same ? 'one identity' : 'two identities'}`,
          );
        }
      }
    },
  },
  {
    id: 'identity-names',
    says: 'makes no identity of a name, an address or anything else that can pass to somebody else',
    holds({ provider, samples }) {
      for (const sample of samples.access) {
        const names = Object.fromEntries(MUTABLE_NAMES.map((name) => [name, `mallory.${name}@evil.example`]));
        const renamed = identityOf(provider, sample, { ...sample.claims, ...names });
        demandEqual(renamed, identityOf(provider, sample, sample.claims), `${sample.title}, renamed`);
      }
    },
  },
  {
    id: 'identity-lasts',
    says: 'makes no identity of what is another in every token',
    holds({ provider, samples }) {
      for (const sample of samples.access) {
        const later = identityOf(provider, sample, { ...sample.claims, ...PASSING });
        demandEqual(later, identityOf(provider, sample, sample.claims), `${sample.title}, a later token`);
      }
    },
  },
  {
    id: 'groups',
    says: 'reads roles and groups as they are, and says where groups were left out',
    holds({ provider, samples }) {
      for (const { title, claims, issuer, roles, groups, groupsOverage } of samples.access) {
        const described = provider.toPrincipal(claims, issuer);
        demandEqual([...described.roles], [...roles], `${title}: roles`);
        demandEqual([...described.groups], [...groups], `${title}: groups`);
        demandEqual(described.groupsOverage, groupsOverage, `${title}: groupsOverage`);
      }
    },
  },
];
