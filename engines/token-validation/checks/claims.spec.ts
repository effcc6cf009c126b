import { describe, expect, it } from '@jest/globals';
import {
  API,
  API_URI,
  DIRECTORY,
  OBJECT,
  OIDC_ISSUER,
  OTHER_DIRECTORY,
  V1_ISSUER,
  V2_ISSUER,
  oidcIssuer,
} from '../../../test/vectors/stub.issuer.access.js';
import { signedToken, verificationKey } from '../../../test/vectors/token-factory.js';
import { ValidationBench } from '../../../test/vectors/validation-bench.js';

const bench = new ValidationBench();

describe('The claims that every token needs', () => {
  it.each(['iss', 'sub', 'aud', 'exp', 'iat'])('include %s', async (name) => {
    expect(await bench.verdict(bench.oidcToken({ [name]: undefined }))).toBe('TOKEN_CLAIM_INVALID');
    expect(await bench.verdict(bench.oidcToken({ [name]: null }))).toBe('TOKEN_CLAIM_INVALID');
  });

  it.each(['iss', 'sub', 'azp', 'client_id', 'tid', 'jti'])('%s is a string', async (name) => {
    for (const value of [1, true, null, {}, [], ['alice'], [[]]]) {
      expect(await bench.verdict(bench.oidcToken({ [name]: value }))).toBe('TOKEN_CLAIM_INVALID');
    }
  });

  it.each(['sub', 'iss'])('%s says something, without control characters', async (name) => {
    for (const value of ['', 'a\u0000b', 'a\nb', '\u007f', 'a\u0085', 'x'.repeat(1025)]) {
      expect(await bench.verdict(bench.oidcToken({ [name]: value }))).toMatch(/^(TOKEN_CLAIM_INVALID|ISSUER_UNTRUSTED)$/);
    }
  });

  it.each(['exp', 'iat', 'nbf'])('%s is a whole number of seconds', async (name) => {
    for (const value of ['1790000000', 1.5, -1, 2 ** 33 + 1, 9e15, true, null, [], {}, '']) {
      expect(await bench.verdict(bench.oidcToken({ [name]: value }))).toBe('TOKEN_CLAIM_INVALID');
    }
  });

  it('aud is a string, or strings in an array', async () => {
    for (const value of [[], [API_URI, 1], [API_URI, null], [[API_URI]], {}, { [API_URI]: 1 }, 1, null, true]) {
      expect(await bench.verdict(bench.oidcToken({ aud: value }))).toBe('TOKEN_CLAIM_INVALID');
    }
  });
});

describe('The audience', () => {
  it.each([
    [API_URI, 'accepted'],
    [[API_URI], 'accepted'],
    [['other', API_URI], 'accepted'],
    [['other'], 'TOKEN_AUDIENCE_MISMATCH'],
    ['other', 'TOKEN_AUDIENCE_MISMATCH'],
    ['', 'TOKEN_AUDIENCE_MISMATCH'],
    [[''], 'TOKEN_AUDIENCE_MISMATCH'],
    [`${API_URI}/`, 'TOKEN_AUDIENCE_MISMATCH'],
    [API_URI.toUpperCase(), 'TOKEN_AUDIENCE_MISMATCH'],
    [API_URI.slice(0, -1), 'TOKEN_AUDIENCE_MISMATCH'],
    [`${API_URI} other`, 'TOKEN_AUDIENCE_MISMATCH'],
    [API, 'TOKEN_AUDIENCE_MISMATCH'],
  ])('%j: %s', async (aud, verdict) => {
    expect(await bench.verdict(bench.oidcToken({ aud }))).toBe(verdict);
  });
});

describe('The type of the token', () => {
  it.each([
    ['at+jwt', 'accepted'],
    ['AT+JWT', 'accepted'],
    ['application/at+jwt', 'accepted'],
    ['JWT', 'TOKEN_TYPE_MISMATCH'],
    ['id+jwt', 'TOKEN_TYPE_MISMATCH'],
    ['logout+jwt', 'TOKEN_TYPE_MISMATCH'],
    ['application/application/at+jwt', 'TOKEN_TYPE_MISMATCH'],
    ['at+jwt ', 'TOKEN_TYPE_MISMATCH'],
    ['', 'TOKEN_TYPE_MISMATCH'],
    [undefined, 'TOKEN_TYPE_MISMATCH'],
    [['at+jwt'], 'TOKEN_TYPE_MISMATCH'],
  ])('of OIDC, %j: %s', async (typ, verdict) => {
    expect(await bench.verdict(bench.oidcToken({}, { typ }))).toBe(verdict);
  });

  it('of Entra is JWT', async () => {
    expect(await bench.verdict(bench.v2Token({}, { typ: 'jwt' }))).toBe('accepted');
    expect(await bench.verdict(bench.v2Token({}, { typ: 'at+jwt' }))).toBe('TOKEN_TYPE_MISMATCH');
    expect(await bench.verdict(bench.v2Token({}, { typ: undefined }))).toBe('TOKEN_TYPE_MISMATCH');
  });

  it('is compared with the configured values as with what the token says', async () => {
    const other = new ValidationBench({ oidc: { acceptedTypes: ['JWT', 'application/AT+JWT'] } });
    expect(await other.verdict(other.oidcToken({}, { typ: 'jwt' }))).toBe('accepted');
    expect(await other.verdict(other.oidcToken({}, { typ: 'at+jwt' }))).toBe('accepted');
  });
});

describe('Tokens of another kind', () => {
  it.each(['nonce', 'at_hash', 'c_hash'])('an ID token is known by %s', async (name) => {
    expect(await bench.verdict(bench.oidcToken({ [name]: 'x' }))).toBe('TOKEN_IS_ID_TOKEN');
    expect(await bench.verdict(bench.v2Token({ [name]: '' }))).toBe('TOKEN_IS_ID_TOKEN');
  });

  it('an ID token is named as such also where its audience is the client', async () => {
    const claims = { nonce: 'n', aud: 'spa', azp: undefined, azpacr: undefined, scp: undefined, preferred_username: 'a' };
    expect(await bench.verdict(bench.v2Token(claims))).toBe('TOKEN_IS_ID_TOKEN');
    expect(await bench.verdict(bench.v2Token({ ...claims, nonce: undefined }))).toBe('TOKEN_IS_ID_TOKEN');
  });

  it('an access token of Entra may carry a name for display', async () => {
    expect(await bench.verdict(bench.v2Token({ preferred_username: 'ida@contoso.example', name: 'Ida' }))).toBe('accepted');
  });

  it('an ID token of Keycloak says so in its claims', async () => {
    expect(await bench.verdict(bench.oidcToken({ typ: 'ID' }))).toBe('TOKEN_IS_ID_TOKEN');
    expect(await bench.verdict(bench.oidcToken({ typ: 'Bearer' }))).toBe('accepted');
  });

  it('a logout token has events', async () => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    expect(await bench.verdict(bench.oidcToken({ events }))).toBe('TOKEN_TYPE_MISMATCH');
  });

  it('a token that is bound to a key is no bearer token, whatever the binding says', async () => {
    for (const cnf of [{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, null, 'x']) {
      expect(await bench.verdict(bench.oidcToken({ cnf }))).toBe('TOKEN_SENDER_CONSTRAINED');
      expect(await bench.verdict(bench.v2Token({ cnf }))).toBe('TOKEN_SENDER_CONSTRAINED');
    }
  });

  it('is bound to a key that was shown, to that very key, and to one alone (RFC 7800 §3.1)', async () => {
    const bench = new ValidationBench();
    bench.shown = [{ jkt: 'x' }, { 'x5t#S256': 'y' }];
    for (const cnf of [{ jkt: 'x' }, { 'x5t#S256': 'y' }]) {
      expect(await bench.validate(bench.oidcToken({ cnf }))).toMatchObject({ principal: { confirmation: cnf } });
    }
    const others = [{ jkt: 'y' }, { 'x5t#S256': 'x' }, { jkt: 'x', 'x5t#S256': 'y' }, { jkt: ['x'] }, { kid: 'x' }, {}, [], null];
    for (const cnf of others) expect(await bench.verdict(bench.oidcToken({ cnf }))).toBe('TOKEN_SENDER_CONSTRAINED');
  });

  it('names who acts, and who may, in a form that can be read (RFC 8693 §4.1, §4.4)', async () => {
    const bench = new ValidationBench();
    const act = { sub: 'b', act: { sub: 'a', iss: 'https://other.example' } };
    expect(await bench.validate(bench.oidcToken({ act, may_act: { sub: 'c' } }))).toMatchObject({
      principal: {
        actors: [
          { sub: 'b', iss: null },
          { sub: 'a', iss: 'https://other.example' },
        ],
        mayAct: { iss: null, sub: 'c', clientId: null },
      },
    });
    const four = { sub: '4', act: { sub: '3', act: { sub: '2', act: { sub: '1' } } } };
    expect(await bench.verdict(bench.oidcToken({ act: four }))).toBe('accepted');
    for (const wrong of [
      null,
      'b',
      [],
      {},
      { sub: 7 },
      { sub: '' },
      { sub: 'a', iss: 1 },
      { sub: 'a', act: null },
      { sub: '5', act: four },
    ]) {
      expect(await bench.verdict(bench.oidcToken({ act: wrong }))).toBe('TOKEN_CLAIM_INVALID');
    }
    for (const wrong of [null, 'c', [], {}, { iss: 'i' }, { sub: 7 }, { sub: 'c', client_id: 1 }]) {
      expect(await bench.verdict(bench.oidcToken({ may_act: wrong }))).toBe('TOKEN_CLAIM_INVALID');
    }
  });
});

describe('The claims of Entra', () => {
  const entra = new ValidationBench({ entra: { directoryIds: [DIRECTORY, OTHER_DIRECTORY] } });
  // The key names no issuer here, so that only the claims can tell.
  const v1 = (changes: Readonly<Record<string, unknown>>): Promise<string> => entra.verdict(entra.v1Token(changes));

  it('tid is the directory in iss', async () => {
    expect(await v1({})).toBe('accepted');
    expect(await v1({ tid: OTHER_DIRECTORY })).toBe('TOKEN_TENANT_MISMATCH');
    expect(await v1({ tid: DIRECTORY.toUpperCase() })).toBe('TOKEN_TENANT_MISMATCH');
    for (const tid of ['', 'contoso', `${DIRECTORY}/`, ` ${DIRECTORY}`, `${DIRECTORY}\n`, undefined])
      expect(await v1({ tid })).toBe('TOKEN_CLAIM_INVALID');
  });

  it('the directory is on the list', async () => {
    const narrow = new ValidationBench({ entra: { directoryIds: [OTHER_DIRECTORY] } });
    expect(await narrow.verdict(narrow.v1Token())).toBe('TOKEN_TENANT_MISMATCH');
    expect(await narrow.verdict(narrow.v2Token())).toBe('TOKEN_TENANT_MISMATCH');
  });

  it('tid has no twin in another spelling', async () => {
    for (const twin of ['TID', 'Tid', 'tiD']) expect(await v1({ [twin]: OTHER_DIRECTORY })).toBe('TOKEN_CLAIM_INVALID');
  });

  it('ver agrees with the form of iss', async () => {
    for (const ver of ['2.0', '1', 1, undefined, '', '1.0 ']) expect(await v1({ ver })).toBe('TOKEN_CLAIM_INVALID');
    for (const ver of ['1.0', '2', 2, undefined]) expect(await entra.verdict(entra.v2Token({ ver }))).toBe('TOKEN_CLAIM_INVALID');
  });

  it('oid is a GUID', async () => {
    for (const oid of [undefined, '', 'alice', 'alice@contoso.example', 7, [OBJECT], `${OBJECT} `])
      expect(await v1({ oid })).toBe('TOKEN_CLAIM_INVALID');
  });

  it('roles and groups are arrays of strings, or absent', async () => {
    for (const name of ['roles', 'groups']) {
      for (const value of ['Admin', { 0: 'Admin' }, [1], [['Admin']], null, true])
        expect(await v1({ [name]: value })).toBe('TOKEN_CLAIM_INVALID');
      expect(await v1({ [name]: [] })).toBe('accepted');
    }
  });

  it('appid, scp and idtyp are strings', async () => {
    for (const name of ['appid', 'azp', 'scp', 'idtyp']) expect(await v1({ [name]: ['x'] })).toBe('TOKEN_CLAIM_INVALID');
  });
});

describe('The claims of OIDC', () => {
  it('hold roles and groups under the configured names', async () => {
    const named = new ValidationBench({ oidc: { claims: { roles: 'https://acme.example/roles', groups: 'teams' } } });
    const token = named.oidcToken({ 'https://acme.example/roles': ['a'], teams: ['t'], roles: ['ignored'], groups: 'ignored' });
    expect(await named.validate(token)).toMatchObject({ principal: { roles: ['a'], groups: ['t'] } });
    expect(await named.verdict(named.oidcToken({ teams: 't' }))).toBe('TOKEN_CLAIM_INVALID');
  });
});

describe('An issuer', () => {
  it('is matched by its exact spelling', async () => {
    const lookalikes = [
      `${OIDC_ISSUER}/`,
      OIDC_ISSUER.slice(0, -1),
      OIDC_ISSUER.toUpperCase(),
      `${OIDC_ISSUER} `,
      `${OIDC_ISSUER}#`,
      `${OIDC_ISSUER}?`,
      OIDC_ISSUER.replace('https', 'http'),
      OIDC_ISSUER.replace('idp.example', 'idp.example.evil.example'),
      OIDC_ISSUER.replace('idp.', 'idp%2e'),
      OIDC_ISSUER.replace('idp', 'ıdp'),
      OIDC_ISSUER.replace('/realms', '//realms'),
      OIDC_ISSUER.replace('/realms', '/x/../realms'),
      'https://idp.example:443/realms/acme',
      `https://evil.example/${OIDC_ISSUER}`,
      `https://idp.example@evil.example/realms/acme`,
    ];
    for (const iss of lookalikes) expect(await bench.verdict(bench.oidcToken({ iss }))).toBe('ISSUER_UNTRUSTED');
  });

  it('is compared once more by its provider, whatever the look-up answered', async () => {
    const wide = new ValidationBench();
    const iss = 'https://other.example';
    wide.trust(oidcIssuer(), iss, [verificationKey(wide.keys.oidc)]);
    expect(await wide.verdict(wide.oidcToken({ iss }))).toBe('ISSUER_UNTRUSTED');
  });

  it('uses its own keys alone, also where another has a key of the same id', async () => {
    const { entra } = bench.keys;
    const claims = bench.oidcClaims();
    expect(await bench.verdict(signedToken({ typ: 'at+jwt', alg: 'RS256', kid: entra.kid }, claims, entra))).toBe(
      'TOKEN_KEY_UNKNOWN',
    );
    const twin = { ...entra, kid: bench.keys.oidc.kid };
    expect(await bench.verdict(signedToken({ typ: 'at+jwt', alg: 'RS256', kid: twin.kid }, claims, twin))).toBe(
      'TOKEN_SIGNATURE_INVALID',
    );
  });

  it('accepts its own algorithms alone', async () => {
    const strict = new ValidationBench({ oidc: { algorithms: ['ES256'] } });
    expect(await strict.verdict(strict.oidcToken({}, {}, strict.keys.oidcEc))).toBe('accepted');
    expect(await strict.verdict(strict.oidcToken())).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
    expect(await bench.verdict(bench.v2Token({ iss: V2_ISSUER }, { alg: 'RS384' }))).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
    expect(await bench.verdict(bench.v1Token({ iss: V1_ISSUER }, { alg: undefined }))).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
  });
});
