import { describe, expect, it } from '@jest/globals';
import { API, API_URI } from '../../test/vectors/stub.issuer.access.js';
import { ValidationBench } from '../../test/vectors/validation-bench.js';

const OTHER = 'api://other';
const LISTS: readonly (readonly [string, readonly string[]])[] = [
  ['none', []],
  ['one', [API_URI]],
  ['several', [API, API_URI]],
];

/** What becomes of each `aud` at an issuer that accepts `listed`. */
function expectedOf(aud: unknown, listed: readonly string[]): RegExp {
  const values: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const strings = values.filter((value): value is string => typeof value === 'string');
  if (values.length === 0 || strings.length !== values.length) return /^TOKEN_CLAIM_INVALID$/u;
  return strings.some((value) => listed.includes(value)) ? /^accepted$/u : /^TOKEN_AUDIENCE_MISMATCH$/u;
}

describe('CVE-2020-26160, CVE-2024-5798, CVE-2026-55689, CVE-2023-22482, CVE-2026-55669: the table of audiences', () => {
  const audiences: readonly unknown[] = [
    undefined,
    null,
    '',
    API_URI,
    API,
    OTHER,
    [],
    [API_URI],
    [API],
    [OTHER],
    [OTHER, API_URI],
    [API_URI, OTHER],
    [OTHER, 'more'],
    [''],
    [[API_URI]],
    [API_URI, 1],
    { 0: API_URI },
    1,
    true,
  ];
  const table = LISTS.flatMap(([name, listed]) => audiences.map((aud) => ({ name, listed, aud })));

  it.each(table)('$name listed, aud $aud', async ({ listed, aud }) => {
    const bench = new ValidationBench({ oidc: { audiences: listed } });
    expect(await bench.verdict(bench.oidcToken({ aud }))).toMatch(expectedOf(aud, listed));
  });

  it.each(['*', 'api://*', `${API_URI}*`, 'api', API_URI.slice(0, 4), `${API_URI} `, `${API_URI}\u0000`])(
    'a listed %j is no pattern, and no part of an audience is one',
    async (odd) => {
      const bench = new ValidationBench({ oidc: { audiences: [odd] } });
      expect(await bench.verdict(bench.oidcToken())).toBe('TOKEN_AUDIENCE_MISMATCH');
      const plain = new ValidationBench();
      expect(await plain.verdict(plain.oidcToken({ aud: odd }))).toBe('TOKEN_AUDIENCE_MISMATCH');
    },
  );
});

describe('The audience of Entra by version', () => {
  const bench = new ValidationBench();

  it('v2: the client id alone', async () => {
    expect(await bench.verdict(bench.v2Token({ aud: API }))).toBe('accepted');
    expect(await bench.verdict(bench.v2Token({ aud: API_URI }))).toBe('TOKEN_AUDIENCE_MISMATCH');
    expect(await bench.verdict(bench.v2Token({ aud: API.toUpperCase() }))).toBe('TOKEN_AUDIENCE_MISMATCH');
  });

  it('v1: the client id or a listed URI', async () => {
    expect(await bench.verdict(bench.v1Token({ aud: API }))).toBe('accepted');
    expect(await bench.verdict(bench.v1Token({ aud: API_URI }))).toBe('accepted');
    expect(await bench.verdict(bench.v1Token({ aud: OTHER }))).toBe('TOKEN_AUDIENCE_MISMATCH');
  });

  it('is never several', async () => {
    expect(await bench.verdict(bench.v2Token({ aud: [API] }))).toBe('TOKEN_CLAIM_INVALID');
    expect(await bench.verdict(bench.v1Token({ aud: [API, OTHER] }))).toBe('TOKEN_CLAIM_INVALID');
  });
});
