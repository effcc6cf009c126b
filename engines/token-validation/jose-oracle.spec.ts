import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { API, API_URI, OIDC_ISSUER, V2_ISSUER } from '../../test/vectors/stub.issuer.access.js';
import { encoded, signatureOf } from '../../test/vectors/token-factory.js';
import { ValidationBench } from '../../test/vectors/validation-bench.js';

const bench = new ValidationBench();
const { entra, oidc, oidcEc } = bench.keys;

/** What jose says of the token, asked for the same issuer, key, algorithms and audience. */
async function joseAccepts(token: string): Promise<boolean> {
  const currentDate = new Date(bench.clock.now());
  const common = { currentDate, clockTolerance: 60 };
  const asked = [
    {
      key: entra.publicKey,
      options: { ...common, issuer: V2_ISSUER, audience: [API, API_URI], algorithms: ['RS256'], typ: 'JWT' },
    },
    { key: oidc.publicKey, options: { ...common, issuer: OIDC_ISSUER, audience: API_URI, algorithms: ['RS256'], typ: 'at+jwt' } },
    {
      key: oidcEc.publicKey,
      options: { ...common, issuer: OIDC_ISSUER, audience: API_URI, algorithms: ['ES256'], typ: 'at+jwt' },
    },
  ];
  const verdicts = await Promise.allSettled(asked.map(({ key, options }) => jwtVerify(token, key, options)));
  return verdicts.some((verdict) => verdict.status === 'fulfilled');
}

const signers = [
  { key: entra, header: { typ: 'JWT', alg: 'RS256', kid: entra.kid }, claims: bench.v2Claims() },
  { key: oidc, header: { typ: 'at+jwt', alg: 'RS256', kid: oidc.kid }, claims: bench.oidcClaims() },
  { key: oidcEc, header: { typ: 'at+jwt', alg: 'ES256', kid: oidcEc.kid }, claims: bench.oidcClaims() },
] as const;

const times = fc
  .constantFrom(-90_000, -8000, -7200, -61, -60, -1, 0, 1, 29, 30, 59, 60, 61, 3600)
  .map((offset) => bench.now + offset);
const odd: fc.Arbitrary<unknown> = fc.oneof(
  times,
  fc.constantFrom(API, API_URI, [API_URI], V2_ISSUER, OIDC_ISSUER, 'spa', 'at+jwt', 'JWT', 'RS256', 'ES256', undefined, null, ''),
  fc.jsonValue({ maxDepth: 2 }),
);
const claimName = fc.constantFrom(
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'azp',
  'client_id',
  'tid',
  'oid',
  'ver',
  'typ',
  'scp',
  'roles',
  'extra',
);
const headerName = fc.constantFrom('alg', 'kid', 'typ', 'crit', 'x', 'cty');
const changes = (name: fc.Arbitrary<string>, max: number): fc.Arbitrary<Record<string, unknown>> =>
  fc.array(fc.tuple(name, odd), { maxLength: max }).map((entries) => Object.fromEntries(entries));

describe('jose as the oracle', () => {
  it('accepts everything that is accepted here, among tokens signed with changed members', async () => {
    let accepted = 0;
    const token = fc.tuple(
      fc.constantFrom(...signers),
      fc.constantFrom(...signers),
      fc.boolean(),
      changes(headerName, 1),
      changes(claimName, 2),
    );
    await fc.assert(
      fc.asyncProperty(token, async ([good, other, swap, header, claims]) => {
        const input = `${encoded({ ...good.header, ...header })}.${encoded({ ...good.claims, ...claims })}`;
        const text = `${input}.${signatureOf(input, swap ? other.key : good.key).toString('base64url')}`;
        const report = await bench.validate(text);
        const inspected = await bench.inspect(text);
        expect(inspected.outcome).toBe(report.outcome);
        if (report.outcome === 'rejected') return;
        accepted += 1;
        expect(await joseAccepts(text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  it('accepts everything that is accepted here, among tokens with changed characters', async () => {
    const good = signers.map(({ key, header, claims }) => {
      const input = `${encoded(header)}.${encoded(claims)}`;
      return `${input}.${signatureOf(input, key).toString('base64url')}`;
    });
    const edit = fc.tuple(
      fc.constantFrom(...good),
      fc.nat(),
      fc.constantFrom('', 'A', '.', '=', ' ', '-', '/', '\n', 'é', 'AA'),
      fc.nat(2),
    );
    await fc.assert(
      fc.asyncProperty(edit, async ([token, at, inserted, removed]) => {
        const position = at % token.length;
        const text = token.slice(0, position) + inserted + token.slice(position + removed);
        const verdict = await bench.verdict(text);
        // A changed text is never accepted, not even where jose reads it leniently; the same text always is.
        expect(verdict === 'accepted').toBe(text === token);
        if (verdict === 'accepted') expect(await joseAccepts(text)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});
