import type { IdentityProvider } from '#engines/token-validation/identity-provider.contract.js';
import { without } from './hostile-claims.js';
import type { AccessSample } from './identity-provider.samples.js';
import { demand, demandEqual, objection, tokenOf, type KitRule } from './kit.js';

/** Types of tokens that are never access tokens (RFC 8725 §3.11). */
const OTHER_TYPES = ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'JWE', 'id_token', 'statement+jwt', '*', ''];
const plain = (type: string): string => type.toLowerCase().replace(/^application\//, '');

function hasAcceptedType(provider: IdentityProvider, { header, issuer }: Pick<AccessSample, 'header' | 'issuer'>): boolean {
  const type = header['typ'];
  const accepted = provider.acceptedTypes(issuer);
  if (type === undefined) return accepted.includes(null);
  return typeof type === 'string' && accepted.some((each) => each !== null && plain(each) === plain(type));
}

export const TOKEN_RULES: readonly KitRule[] = [
  {
    id: 'accepts-genuine',
    says: 'has no objection to a genuine access token',
    holds({ provider, samples }) {
      for (const sample of samples.access) {
        const fault = objection(provider, tokenOf(sample, sample.claims));
        demand(fault === undefined, `${sample.title}: ${fault?.code ?? ''}, ${fault?.actual ?? ''}`);
      }
    },
  },
  {
    id: 'accepted-types',
    says: 'accepts the types of its access tokens and of no other tokens',
    holds({ provider, samples }) {
      for (const sample of samples.access) {
        demand(hasAcceptedType(provider, sample), `${sample.title}: its typ is not accepted`);
        const others = provider
          .acceptedTypes(sample.issuer)
          .filter((type) => type !== null && OTHER_TYPES.some((other) => plain(other) === plain(type)));
        demandEqual(others, [], `${sample.title}: types of other tokens`);
      }
    },
  },
  {
    id: 'refuses-others',
    says: 'tells its ID tokens and other tokens from access tokens',
    holds({ provider, samples }) {
      demand(samples.refused.length > 0, 'there is no sample of an ID token');
      for (const sample of samples.refused) {
        const refused = !hasAcceptedType(provider, sample) || objection(provider, tokenOf(sample, sample.claims)) !== undefined;
        demand(refused, `${sample.title}: it passes`);
      }
    },
  },
  {
    id: 'required-claims',
    says: 'refuses a token that lacks a claim which the provider needs, or has it in another type',
    holds({ provider, samples }) {
      for (const name of samples.requiredClaims) {
        for (const sample of samples.access) {
          for (const value of [undefined, null, 1, {}, ['x']]) {
            const claims = value === undefined ? without(sample.claims, name) : { ...sample.claims, [name]: value };
            demand(
              objection(provider, tokenOf(sample, claims)) !== undefined,
              `${sample.title}: ${name} as ${JSON.stringify(value)} passes`,
            );
          }
        }
      }
    },
  },
  {
    id: 'mapped-claims',
    says: 'refuses roles and groups that are not arrays of strings, instead of reading fewer or others',
    holds({ provider, samples }) {
      for (const name of samples.mappedClaims) {
        for (const sample of samples.access) {
          for (const value of ['admin', ['a', 1], { 0: 'admin' }, [['admin']], null, true]) {
            const fault = objection(provider, tokenOf(sample, { ...sample.claims, [name]: value }));
            demand(fault !== undefined, `${sample.title}: ${name} as ${JSON.stringify(value)} passes`);
          }
        }
      }
    },
  },
  {
    id: 'recognises',
    says: 'recognises its own tokens, and only those',
    holds({ provider, samples }) {
      for (const { title, header, claims } of samples.access)
        demand(provider.recognises(header, claims), `${title}: not recognised`);
      for (const { title, header, claims } of samples.foreign)
        demand(!provider.recognises(header, claims), `${title}: taken for its own`);
    },
  },
];
