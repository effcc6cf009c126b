import { describe, expect, it } from '@jest/globals';
import { hostileTokens, type ValidToken } from './hostile-tokens.js';
import { signedToken } from './token-factory.js';
import { ValidationBench } from './validation-bench.js';

const bench = new ValidationBench();
const { entra, oidc } = bench.keys;
const targets: readonly { readonly issuer: string; readonly valid: ValidToken }[] = [
  {
    issuer: 'an Entra issuer',
    valid: { header: { typ: 'JWT', alg: 'RS256', kid: entra.kid }, payload: bench.v2Claims(), ...entra },
  },
  {
    issuer: 'an OIDC issuer',
    valid: { header: { typ: 'at+jwt', alg: 'RS256', kid: oidc.kid }, payload: bench.oidcClaims(), ...oidc },
  },
];

describe.each(targets)('Hostile tokens for $issuer', ({ valid }) => {
  const tokens = hostileTokens(valid);

  it('are made from a token that is accepted', async () => {
    expect(
      await bench.verdict(signedToken(valid.header, valid.payload, { algorithm: 'RS256', privateKey: valid.privateKey })),
    ).toBe('accepted');
    expect(new Set(tokens.map((token) => token.family)).size).toBe(15);
  });

  it.each(tokens.map((token) => [token.family, token.name, token] as const))('%s: %s', async (_family, _name, hostile) => {
    const verdict = await bench.verdict(hostile.token);
    expect(hostile.codes).toContain(verdict);
    expect((await bench.inspect(hostile.token)).outcome).toBe('rejected');
  });
});
