import { createHmac } from 'node:crypto';
import { encoded, sealed, type Draft, type Making } from './draft.js';
import { signedBy } from './signing-key.js';

type Edit = (draft: Draft, making: Making) => string;

/** A good token but for who signed it. */
export const SIGNER_EDITS: readonly { readonly name: string; readonly token: Edit }[] = [
  {
    name: 'signed by another issuer, under the right kid',
    token: (draft, { random, fuzz }) => sealed({ ...draft, key: random.pick(random.pick(fuzz.signing).keys) }),
  },
  {
    name: 'signed by another issuer, under its own kid',
    token: ({ claims, header }, { random, fuzz }) => {
      const key = random.pick(random.pick(fuzz.signing).keys);
      return sealed({ claims, header: { ...header, kid: key.kid, alg: key.algorithm }, key });
    },
  },
  {
    name: 'signed by nobody we know',
    token: (draft, { random, fuzz }) => {
      const key = random.pick(fuzz.rogueKeys);
      return sealed({ ...draft, header: random.chance(0.5) ? draft.header : { ...draft.header, alg: key.algorithm }, key });
    },
  },
  {
    name: 'signed by a published key of an algorithm that is not listed',
    token: ({ claims, header, from, key }) => {
      const unlisted = from.unlisted ?? key;
      return sealed({ claims, header: { ...header, kid: unlisted.kid, alg: unlisted.algorithm }, key: unlisted });
    },
  },
  {
    name: 'public key as the secret of an HMAC',
    token: ({ claims, header, key }, { random }) => {
      const alg = random.pick(['HS256', header['alg']]);
      const input = `${encoded(JSON.stringify({ ...header, alg }))}.${encoded(JSON.stringify(claims))}`;
      return `${input}.${createHmac('sha256', JSON.stringify(key.publicJwk)).update(input).digest('base64url')}`;
    },
  },
  {
    name: 'key of the right issuer, under another of its kids',
    token: (draft, { random }) => sealed({ ...draft, header: { ...draft.header, kid: random.pick(draft.from.keys).kid } }),
  },
  {
    name: 'not signed',
    token: ({ claims, header }, { random }) => {
      const alg = random.pick(['none', header['alg']]);
      const signature = random.pick(['', 'AA', encoded(Buffer.alloc(64)), encoded(Buffer.alloc(256))]);
      return `${encoded(JSON.stringify({ ...header, alg }))}.${encoded(JSON.stringify(claims))}.${signature}`;
    },
  },
  {
    name: 'signed without the header',
    token: ({ claims, header, key }) => {
      const payload = encoded(JSON.stringify(claims));
      return `${encoded(JSON.stringify(header))}.${payload}.${signedBy(key, payload).toString('base64url')}`;
    },
  },
];
