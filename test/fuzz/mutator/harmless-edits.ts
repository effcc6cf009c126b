import { set, type DraftMutation } from './draft.js';
import { NOW } from './fuzz-world.js';

/** Changes that no rule objects to: what a strict validator must still accept. */
export const HARMLESS_EDITS: readonly DraftMutation[] = [
  { name: 'as it is', apply: () => true },
  {
    name: 'unknown header',
    apply: ({ header }, { random }) => set(header, random.pick(['x5t', 'nothing', 'cty', 'Crit', 'b64x']), 'x'),
  },
  {
    name: 'typ in another spelling',
    apply: ({ header }, { random }) => {
      const type = String(header['typ']);
      return set(
        header,
        'typ',
        random.pick([type.toUpperCase(), type.toLowerCase(), `application/${type}`, `Application/${type}`]),
      );
    },
  },
  { name: 'exp at the edge', apply: ({ claims }, { random }) => set(claims, 'exp', NOW + random.pick([30, 31, 8_000_000])) },
  { name: 'iat at the edge of the skew', apply: ({ claims }, { random }) => set(claims, 'iat', NOW + random.pick([1, 59, 60])) },
  { name: 'nbf at the edge of the skew', apply: ({ claims }, { random }) => set(claims, 'nbf', NOW + random.pick([1, 59, 60])) },
  { name: 'as old as may be', apply: ({ claims }, { random }) => set(claims, 'iat', NOW - random.pick([7_199, 7_200])) },
  { name: 'no nbf', apply: ({ claims }) => set(claims, 'nbf', undefined) },
  { name: 'old nbf', apply: ({ claims }) => set(claims, 'nbf', 0) },
  {
    name: 'aud in an array',
    apply: ({ claims, from }, { random }) => {
      const good = random.pick(from.issuer.audiences);
      return (
        from.issuer.provider === 'oidc' &&
        set(claims, 'aud', random.pick([[good], [good, good], ['x', good], [...from.issuer.audiences]]))
      );
    },
  },
  {
    name: 'claims nobody asked for',
    apply: ({ claims }, { random }) =>
      set(
        claims,
        random.pick(['email', 'name', 'x', '', 'exp ', 'AUD', 'toString']),
        random.pick(['x', 1.5, -1, null, { deep: [[{ a: 1 }]] }, '\u{1f600}', 'é', []]),
      ),
  },
  {
    name: 'how and when the user signed in',
    apply: ({ claims }, { random }) => {
      const [name, value] = random.pick([
        ['acr', '1'],
        ['acr', 7],
        ['acr', ''],
        ['amr', ['pwd', 'mfa']],
        ['amr', 'pwd'],
        ['amr', ['pwd', 1]],
        ['auth_time', NOW - 7_000],
        ['auth_time', NOW + 7_000],
        ['auth_time', '1'],
        ['auth_time', -1],
      ] as const);
      return set(claims, name, value);
    },
  },
  {
    name: 'groups left out',
    apply: ({ claims, from }, { random }) => {
      const name = from.issuer.provider === 'oidc' ? from.issuer.claims.groups : 'groups';
      if (random.chance(0.5)) return set(claims, 'hasgroups', random.pick([true, false, 'true', null, 0]));
      return set(
        claims,
        '_claim_names',
        random.pick([{ [typeof name === 'string' ? name : name[0]]: 'src1' }, { other: 'src1' }, [], null, 'groups']),
      );
    },
  },
  { name: 'events as text', apply: ({ claims }) => set(claims, 'events', 'none') },
  {
    name: 'long sub',
    apply: ({ claims, from }) =>
      from.issuer.provider === 'oidc' && claims['sub'] === 'alice' && set(claims, 'sub', 'a'.repeat(1024)),
  },
  {
    name: 'sub in another script',
    apply: ({ claims, from }) =>
      from.issuer.provider === 'oidc' && claims['sub'] === 'alice' && set(claims, 'sub', 'Ålice \u{1f600}'),
  },
];
