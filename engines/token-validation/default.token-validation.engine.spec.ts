import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { CATALOGUE } from '#utilities/errors/catalogue.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { API, CLIENT, DIRECTORY, OBJECT, V2_ISSUER } from '../../test/vectors/stub.issuer.access.js';
import { makeKey, verificationKey } from '../../test/vectors/token-factory.js';
import { OWN_ISSUER, ValidationBench } from '../../test/vectors/validation-bench.js';
import { DefaultTokenValidationEngine } from './default.token-validation.engine.js';
import { createOidcIdentityProvider } from './providers/oidc.identity-provider.js';

describe('TokenValidationEngine', () => {
  it('accepts a v2 user token of Entra and says who it is about', async () => {
    const bench = new ValidationBench();
    const token = bench.v2Token({ roles: ['Reader'], groups: ['g-1'] });
    expect(await bench.validate(token)).toEqual({
      outcome: 'accepted',
      tokenSha256: createHash('sha256')
        .update(token.slice(0, token.lastIndexOf('.')))
        .digest('hex'),
      principal: {
        kind: 'user',
        identity: { instance: `entra:public:${DIRECTORY}`, externalId: OBJECT },
        issuer: 'contoso',
        case: 'own',
        presenterId: CLIENT,
        actors: [],
        mayAct: null,
        confirmation: null,
        tenants: [{ tenantId: 'tenant-acme', slug: 'acme', when: { claim: 'tid', equals: DIRECTORY } }],
        roles: ['Reader'],
        groups: ['g-1'],
        groupsOverage: false,
        acr: null,
        amr: [],
        authTime: null,
        issuedAt: bench.now - 60,
        expiresAt: bench.now + 3600,
      },
    });
  });

  it('gives the same identity for a v1 and a v2 token of one person', async () => {
    const bench = new ValidationBench();
    const [v1, v2] = [await bench.validate(bench.v1Token()), await bench.validate(bench.v2Token())];
    if (v1.outcome !== 'accepted' || v2.outcome !== 'accepted') throw new Error('a good token was refused');
    expect(v1.principal.identity).toEqual(v2.principal.identity);
  });

  it('accepts an OIDC access token by RSA and by elliptic curve', async () => {
    const bench = new ValidationBench();
    expect(await bench.verdict(bench.oidcToken())).toBe('accepted');
    expect(await bench.verdict(bench.oidcToken({}, {}, bench.keys.oidcEc))).toBe('accepted');
  });

  it('answers one finding with actual, expected and a remedy', async () => {
    const bench = new ValidationBench();
    const report = await bench.validate(bench.v2Token({ exp: bench.now - 100, aud: 'api://elsewhere' }));
    if (report.outcome !== 'rejected') throw new Error('a bad token was accepted');
    expect(report.issuer).toBe('contoso');
    expect(report.tokenSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(report.findings).toEqual([
      {
        check: 'audience',
        code: 'TOKEN_AUDIENCE_MISMATCH',
        actual: 'aud is "api://elsewhere"',
        expected: `one of ["${API}","api://orders"]`,
        remedy: expect.stringContaining('client id of the API'),
      },
    ]);
  });

  it('takes the remedy from the catalogue where no provider knows better', async () => {
    const bench = new ValidationBench();
    const report = await bench.validate(bench.v2Token({ exp: bench.now - 1 }));
    if (report.outcome !== 'rejected') throw new Error('a bad token was accepted');
    expect(report.findings[0].remedy).toBe(CATALOGUE.TOKEN_EXPIRED.remedy.join(' '));
  });

  it('refuses its own tokens before it looks for an issuer', async () => {
    const bench = new ValidationBench();
    expect(await bench.verdict(bench.v2Token({ iss: OWN_ISSUER }))).toBe('TOKEN_IS_OURS');
    expect(bench.issuerAccess.issuerLookups).toEqual([]);
  });

  it('answers that keys cannot be had, with the time to wait, and never takes that for a bad token', async () => {
    const bench = new ValidationBench();
    bench.issuerAccess.unavailable = true;
    const report = await bench.validate(bench.v2Token());
    expect(report).toMatchObject({ outcome: 'rejected', findings: [{ code: 'ISSUER_KEYS_UNAVAILABLE', retryAfterSeconds: 17 }] });
  });

  it('fails, and judges nothing, when trust itself cannot be read', async () => {
    const bench = new ValidationBench();
    bench.issuerAccess.trustedIssuer = async () => {
      throw new CodedError('STORE_UNAVAILABLE', { retryAfterSeconds: 1 });
    };
    await expect(bench.validate(bench.v2Token())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(bench.inspect(bench.v2Token())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('never throws for text that is no token', async () => {
    const bench = new ValidationBench();
    for (const text of ['', '.', '..', '...', 'a.b.c', '\u0000', '💥.💥.💥', 'null', '.'.repeat(100)]) {
      expect(await bench.verdict(text)).toBe('TOKEN_MALFORMED');
      expect((await bench.inspect(text)).outcome).toBe('rejected');
    }
  });

  it('hashes header and payload of a refused token that has three parts, and nothing else', async () => {
    const bench = new ValidationBench();
    const expected = createHash('sha256').update('x.y').digest('hex');
    expect(await bench.validate('x.y.z')).toMatchObject({ tokenSha256: expected, issuer: null });
    expect(await bench.validate('x.y')).toMatchObject({ tokenSha256: null });
  });

  it('puts no part of a token that could be replayed into a finding', async () => {
    const bench = new ValidationBench();
    const token = bench.v2Token({ aud: 'other', cnf: { jkt: 'x' } });
    const text = JSON.stringify(await bench.inspect(token));
    for (const part of token.split('.')) expect(text).not.toContain(part);
  });
});

describe('TokenValidationEngine.inspect', () => {
  it('accepts what validate accepts', async () => {
    const bench = new ValidationBench();
    const token = bench.v2Token();
    expect(await bench.inspect(token)).toEqual(await bench.validate(token));
  });

  it('runs every check that can run, in order', async () => {
    const bench = new ValidationBench();
    const token = bench.v2Token(
      { aud: 'other', exp: bench.now - 5, iat: bench.now - 9000, azp: 'stranger', cnf: {} },
      { typ: 'at+jwt' },
    );
    expect(await bench.inspectedCodes(token)).toEqual([
      'TOKEN_TYPE_MISMATCH',
      'TOKEN_AUDIENCE_MISMATCH',
      'TOKEN_SENDER_CONSTRAINED',
      'TOKEN_EXPIRED',
      'TOKEN_TOO_OLD',
      'TOKEN_PRESENTER_MISMATCH',
    ]);
  });

  it('goes on after a bad signature for the sake of diagnosis, and answers no principal', async () => {
    const bench = new ValidationBench();
    const report = await bench.inspect(bench.v2Token({ aud: 'other' }, {}, makeKey('RS256')));
    expect(report).not.toHaveProperty('principal');
    expect(report).toMatchObject({ findings: [{ code: 'TOKEN_SIGNATURE_INVALID' }, { code: 'TOKEN_AUDIENCE_MISMATCH' }] });
  });

  it('says of a token of an unknown issuer what can be said of any token', async () => {
    const bench = new ValidationBench();
    const token = bench.v2Token({ iss: 'https://elsewhere.example', cnf: {}, exp: bench.now - 5 });
    expect(await bench.inspectedCodes(token)).toEqual(['ISSUER_UNTRUSTED', 'TOKEN_SENDER_CONSTRAINED', 'TOKEN_EXPIRED']);
    expect(bench.issuerAccess.keyLookups).toEqual([]);
  });

  it('lets a recognising provider word the remedy for an unknown issuer', async () => {
    const bench = new ValidationBench();
    const report = await bench.inspect(bench.v2Token({ iss: 'https://elsewhere.example' }));
    expect(report).toMatchObject({
      findings: [{ code: 'ISSUER_UNTRUSTED', remedy: expect.stringContaining('requestedAccessTokenVersion') }],
    });
  });
});

describe('The provider of a token', () => {
  it('is that of its issuer, however much the token looks like another', async () => {
    const bench = new ValidationBench();
    // All claims of an Entra token, and still judged by the rules of the OIDC issuer that owns the iss.
    const report = await bench.validate(bench.oidcToken({ tid: DIRECTORY, oid: OBJECT, ver: '2.0', azp: 'spa' }));
    expect(report).toMatchObject({
      outcome: 'accepted',
      principal: { identity: { instance: 'oidc:https://idp.example/realms/acme', externalId: 'alice' } },
    });
  });

  it('must be among the plug-ins: at least one, each name once', () => {
    const { issuerAccess, clock } = new ValidationBench();
    const make = (providers: ReturnType<typeof createOidcIdentityProvider>[]): unknown =>
      new DefaultTokenValidationEngine({ issuerAccess, clock, ownIssuer: OWN_ISSUER, providers });
    expect(() => make([])).toThrow(expect.objectContaining({ code: 'PLUGIN_CARDINALITY' }));
    expect(() => make([createOidcIdentityProvider(), createOidcIdentityProvider()])).toThrow(
      expect.objectContaining({ code: 'PLUGIN_CARDINALITY' }),
    );
  });

  it('makes an issuer untrusted where it is missing', async () => {
    const { issuerAccess, clock, ...bench } = new ValidationBench();
    const engine = new DefaultTokenValidationEngine({
      issuerAccess,
      clock,
      ownIssuer: OWN_ISSUER,
      providers: [createOidcIdentityProvider()],
    });
    const report = await engine.validate(
      { diagnosticId: '', transport: 'rest' },
      { token: new ValidationBench().v2Token(), field: 'subject_token', presenter: bench.presenter },
    );
    expect(report).toMatchObject({ outcome: 'rejected', findings: [{ code: 'ISSUER_UNTRUSTED' }] });
  });
});

describe('The order of the checks', () => {
  const wrong = (bench: ValidationBench): [string, string][] => [
    ['TOKEN_HEADER_FORBIDDEN', bench.v2Token({ iss: OWN_ISSUER }, { jku: 'https://evil.example', alg: 'none' })],
    ['ISSUER_UNTRUSTED', bench.v2Token({ iss: 'https://evil.example' }, { alg: 'none' })],
    ['TOKEN_ALGORITHM_NOT_ALLOWED', bench.v2Token({}, { alg: 'none', typ: 'x', kid: 7 })],
    ['TOKEN_TYPE_MISMATCH', bench.v2Token({}, { typ: 'x', kid: 7 })],
    ['TOKEN_KEY_ID_MISSING', bench.v2Token({}, { kid: 7 })],
    ['TOKEN_KEY_UNKNOWN', bench.v2Token({ aud: 'x' }, { kid: 'other' })],
    ['TOKEN_SIGNATURE_INVALID', bench.v2Token({ aud: 'x', nonce: 'n' }, {}, makeKey('RS256'))],
    ['TOKEN_KEY_ISSUER_MISMATCH', bench.v2Token({ tid: '9188040d-6c67-4c5b-b112-36a304b66dad', nonce: 'n' })],
    ['TOKEN_IS_ID_TOKEN', bench.v2Token({ nonce: 'n', exp: undefined })],
    ['TOKEN_CLAIM_INVALID', bench.v2Token({ exp: undefined, aud: 'x' })],
    ['TOKEN_AUDIENCE_MISMATCH', bench.v2Token({ aud: 'x', exp: 1, iat: 1, nbf: 1 })],
    ['TOKEN_SENDER_CONSTRAINED', bench.v2Token({ cnf: {}, exp: 1 })],
    ['TOKEN_EXPIRED', bench.v2Token({ exp: bench.now - 1, azp: 'stranger' })],
    ['TOKEN_PRESENTER_MISMATCH', bench.v2Token({ azp: 'stranger' })],
  ];

  it('names the first fault of a token that has several', async () => {
    const bench = new ValidationBench();
    for (const [code, token] of wrong(bench)) expect(await bench.verdict(token)).toBe(code);
  });

  it('looks for no key while the header is wrong', async () => {
    const bench = new ValidationBench();
    for (const [, token] of wrong(bench).slice(0, 5)) await bench.verdict(token);
    expect(bench.issuerAccess.keyLookups).toEqual([]);
  });
});

describe('A key', () => {
  it('serves the one algorithm that it was imported for', async () => {
    const bench = new ValidationBench({ oidc: { algorithms: ['RS256', 'PS256'] } });
    const key = { ...bench.keys.oidc, algorithm: 'PS256' as const };
    expect(await bench.verdict(bench.oidcToken({}, {}, key))).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
  });

  it('that names an issuer signs for that issuer alone', async () => {
    const bench = new ValidationBench();
    const issuer = await bench.issuerAccess.trustedIssuer({ diagnosticId: '', transport: 'rest' }, V2_ISSUER);
    if (issuer === undefined) throw new Error('the issuer is missing');
    const verdictWith = async (keyIssuer: string | null): Promise<string> => {
      bench.trust(issuer, V2_ISSUER, [verificationKey(bench.keys.entra, keyIssuer)]);
      return bench.verdict(bench.v2Token());
    };
    expect(await verdictWith(V2_ISSUER)).toBe('accepted');
    expect(await verdictWith(null)).toBe('accepted');
    expect(await verdictWith(`${V2_ISSUER}/`)).toBe('TOKEN_KEY_ISSUER_MISMATCH');
    expect(await verdictWith('https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0')).toBe(
      'TOKEN_KEY_ISSUER_MISMATCH',
    );
    expect(await verdictWith('https://login.microsoftonline.us/{tenantid}/v2.0')).toBe('TOKEN_KEY_ISSUER_MISMATCH');
  });
});
