import { hostileVariants, without } from './hostile-claims.js';
import { demand, demandEqual, type KitRule } from './kit.js';

export const PRESENTER_RULES: readonly KitRule[] = [
  {
    id: 'presenter',
    says: 'names the client that the token was issued to',
    holds({ provider, samples }) {
      for (const { title, claims, issuer, presenter } of samples.access) {
        const expected = presenter === null ? { status: 'absent' } : { status: 'named', id: presenter };
        demandEqual(provider.presenterOf(claims, issuer), expected, title);
      }
    },
  },
  {
    id: 'presenter-text',
    says: 'names no client that is not a string which says something',
    holds({ provider, samples }) {
      for (const { title, claims, issuer } of samples.access) {
        for (const variant of hostileVariants(claims)) {
          const named = provider.presenterOf(variant, issuer);
          const id: unknown = named.status === 'named' ? named.id : 'none';
          demand(typeof id === 'string' && id !== '', `${title}: the client is ${JSON.stringify(id)}`);
        }
      }
    },
  },
  {
    id: 'presenter-conflict',
    says: 'calls two clients a conflict, and never chooses',
    holds({ provider, samples }) {
      for (const [first, second] of samples.presenterTwins) {
        for (const { title, claims, issuer, presenter } of samples.access) {
          if (presenter === null || (claims[first] === undefined && claims[second] === undefined)) continue;
          const both = { ...without(without(claims, first), second), [first]: presenter, [second]: presenter };
          demandEqual(
            provider.presenterOf(both, issuer),
            { status: 'named', id: presenter },
            `${title}, ${first} and ${second} agreeing`,
          );
          const { status } = provider.presenterOf({ ...both, [second]: `${presenter}-other` }, issuer);
          demand(status === 'conflict', `${title}: ${first} and ${second} disagree, and the answer is ${status}`);
        }
      }
    },
  },
  {
    id: 'kind',
    says: 'tells people from software',
    holds({ provider, samples }) {
      for (const { title, claims, issuer, kind } of samples.access) {
        demandEqual(provider.kindOf(claims, issuer), kind, title);
        for (const variant of hostileVariants(claims)) {
          const answer: unknown = provider.kindOf(variant, issuer);
          demand(answer === 'user' || answer === 'workload', `${title}: the kind is ${JSON.stringify(answer)}`);
        }
      }
    },
  },
];
