import { set, type DraftMutation } from './draft.js';

const FORBIDDEN = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc'] as const;
const VALUES = [[], ['exp'], ['b64'], true, false, null, '', 'DEF', 'https://evil.example/jwks', {}] as const;
const ALGORITHMS = [
  'none',
  'None',
  'HS256',
  'RS256',
  'rs256',
  'PS256',
  'ES256',
  'es256',
  'ES384',
  'Ed25519',
  'EdDSA',
  'RS512',
  '',
  null,
  1,
  ['RS256'],
  undefined,
];

/** Changes of the header, signed by the right key. */
export const HEADER_EDITS: readonly DraftMutation[] = [
  { name: 'forbidden header', apply: ({ header }, { random }) => set(header, random.pick(FORBIDDEN), random.pick(VALUES)) },
  { name: 'embedded key', apply: ({ header }, { random, fuzz }) => set(header, 'jwk', random.pick(fuzz.rogueKeys).publicJwk) },
  { name: 'alg replaced', apply: ({ header }, { random }) => set(header, 'alg', random.pick(ALGORITHMS)) },
  {
    name: 'typ replaced',
    apply: ({ header }, { random }) =>
      set(
        header,
        'typ',
        random.pick([
          undefined,
          '',
          null,
          1,
          'JWT',
          'at+jwt',
          'logout+jwt',
          'JWE',
          'secevent+jwt',
          'application/application/at+jwt',
          'at+jwt ',
          ['at+jwt'],
          'dpop+jwt',
          'jw\u0130t',
        ]),
      ),
  },
  {
    name: 'kid replaced',
    apply: ({ header }, { random }) =>
      set(
        header,
        'kid',
        random.pick([
          undefined,
          '',
          null,
          0,
          'unknown',
          '../../dev/null',
          'shared ',
          'SHARED',
          "' OR 1=1",
          ['shared'],
          'consumers',
          'contoso-ec',
          'ed-unlisted',
          '__proto__',
          'constructor',
        ]),
      ),
  },
  {
    name: 'header of another issuer',
    apply: ({ header }, { random, fuzz }) => {
      const { kid, algorithm } = random.pick(random.pick(fuzz.signing).keys);
      return set(header, 'kid', kid) && set(header, 'alg', algorithm);
    },
  },
  {
    name: 'large header',
    apply: ({ header }, { random }) => set(header, 'x', 'x'.repeat(random.pick([3_000, 4_000, 4_096, 5_000, 12_000]))),
  },
];
