import { describe, expect, it } from '@jest/globals';
import { OBJECT } from '../../../test/vectors/stub.issuer.access.js';
import { ValidationBench } from '../../../test/vectors/validation-bench.js';

const bench = new ValidationBench();
const { now } = bench;
const verdict = (changes: Readonly<Record<string, unknown>>): Promise<string> => bench.verdict(bench.oidcToken(changes));

describe('The end of a token', () => {
  it.each([
    [30, 'accepted'],
    [29, 'TOKEN_EXPIRES_TOO_SOON'],
    [1, 'TOKEN_EXPIRES_TOO_SOON'],
    [0, 'TOKEN_EXPIRED'],
    [-1, 'TOKEN_EXPIRED'],
    [-59, 'TOKEN_EXPIRED'],
  ])('%i s from now: %s, without any skew', async (seconds, expected) => {
    expect(await verdict({ exp: now + seconds })).toBe(expected);
  });

  it('counts milliseconds', async () => {
    const late = new ValidationBench();
    late.clock.advance(1);
    expect(await late.verdict(late.oidcToken({ iat: now - 60, exp: now + 30 }))).toBe('TOKEN_EXPIRES_TOO_SOON');
  });
});

describe('The start of a token', () => {
  it.each(['iat', 'nbf'])('%s may be ahead by the skew of the issuer and no more', async (name) => {
    expect(await verdict({ [name]: now + 60 })).toBe('accepted');
    expect(await verdict({ [name]: now + 61 })).toBe('TOKEN_NOT_YET_VALID');
    const exact = new ValidationBench({ oidc: { skewSeconds: 0 } });
    expect(await exact.verdict(exact.oidcToken({ [name]: now }))).toBe('accepted');
    expect(await exact.verdict(exact.oidcToken({ [name]: now + 1 }))).toBe('TOKEN_NOT_YET_VALID');
  });

  it('is before its end', async () => {
    expect(await verdict({ nbf: now + 50, exp: now + 40 })).toBe('TOKEN_CLAIM_INVALID');
    expect(await verdict({ iat: now + 50, exp: now + 40 })).toBe('TOKEN_CLAIM_INVALID');
  });
});

describe('The age of a token', () => {
  it('is limited for users and for workloads', async () => {
    expect(await verdict({ iat: now - 7200 })).toBe('accepted');
    expect(await verdict({ iat: now - 7201 })).toBe('TOKEN_TOO_OLD');
    expect(await verdict({ iat: now - 86400, sub: 'spa' })).toBe('accepted');
    expect(await verdict({ iat: now - 86401, sub: 'spa' })).toBe('TOKEN_TOO_OLD');
  });

  it('counts from iat, whatever nbf says', async () => {
    expect(await verdict({ iat: now - 8000, nbf: now })).toBe('TOKEN_TOO_OLD');
  });

  it.each([
    ['with a scope is a user', { scp: 's', sub: OBJECT }, 'TOKEN_TOO_OLD'],
    ['with a subject of its own is a user', { scp: undefined }, 'TOKEN_TOO_OLD'],
    ['about itself is a workload', { scp: undefined, sub: OBJECT, roles: ['R'] }, 'accepted'],
    ['with idtyp app is a workload', { idtyp: 'app', scp: undefined, roles: ['R'] }, 'accepted'],
    ['with idtyp user is a user', { idtyp: 'user' }, 'TOKEN_TOO_OLD'],
  ])('of Entra: a token %s', async (_title, changes, expected) => {
    expect(await bench.verdict(bench.v2Token({ iat: now - 8000, ...changes }))).toBe(expected);
  });
});
