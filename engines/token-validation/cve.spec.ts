import { describe, expect, it } from '@jest/globals';
import {
  API,
  API_URI,
  DIRECTORY,
  OIDC_ISSUER,
  V2_ISSUER,
  entraIssuer,
  oidcIssuer,
} from '../../test/vectors/stub.issuer.access.js';
import { makeKey, signedToken, verificationKey } from '../../test/vectors/token-factory.js';
import { hostileTokens } from '../../test/vectors/hostile-tokens.js';
import { ValidationBench } from '../../test/vectors/validation-bench.js';

const bench = new ValidationBench();
const attacker = makeKey('RS256', 'attacker');
const hostile = hostileTokens({
  header: { typ: 'at+jwt', alg: 'RS256', kid: bench.keys.oidc.kid },
  payload: bench.oidcClaims(),
  ...bench.keys.oidc,
});

/** Every token of the family is refused, and no key is looked for. */
async function refusedWithoutKeys(family: string): Promise<number> {
  const fresh = new ValidationBench();
  const tokens = hostile.filter((token) => token.family === family);
  for (const { token } of tokens) expect(await fresh.verdict(token)).not.toBe('accepted');
  expect(fresh.issuerAccess.keyLookups).toEqual([]);
  return tokens.length;
}

describe('CVE-2015-2951, CVE-2022-23540: alg none', () => {
  it('is refused in every spelling before any key is looked for', async () => {
    expect(await refusedWithoutKeys('alg none')).toBe(8);
    expect(await refusedWithoutKeys('algorithm spelt otherwise')).toBe(10);
  });
});

describe('CVE-2015-9235, CVE-2016-10555, CVE-2022-23541, CVE-2023-48223, CVE-2026-34950: the public key as an HMAC secret', () => {
  it('is refused in every form of the key', async () => {
    expect(await refusedWithoutKeys('RSA key as HMAC secret')).toBe(33);
  });

  it('is refused also if the issuer were configured for it', async () => {
    const loose = new ValidationBench();
    const algorithms = ['RS256', 'HS256'] as unknown as readonly ['RS256'];
    loose.trust(oidcIssuer({ algorithms }), OIDC_ISSUER, [
      { ...verificationKey(loose.keys.oidc), algorithm: 'HS256' as 'RS256' },
    ]);
    for (const { token, name } of hostile.filter((entry) => entry.family === 'RSA key as HMAC secret')) {
      if (name.startsWith('HS256')) expect(await loose.verdict(token)).toBe('TOKEN_SIGNATURE_INVALID');
    }
  });
});

describe('CVE-2026-44351, CVE-2026-45363: the empty HMAC key', () => {
  it('is refused', async () => {
    expect(await refusedWithoutKeys('blank HMAC key')).toBe(6);
  });
});

describe('CVE-2026-22817, CVE-2026-22818: the algorithm of the header used for a key', () => {
  it('is refused where the key is for another', async () => {
    const both = new ValidationBench({ oidc: { algorithms: ['RS256', 'RS512', 'PS256'] } });
    for (const algorithm of ['RS512', 'PS256'] as const) {
      expect(await both.verdict(both.oidcToken({}, {}, { ...both.keys.oidc, algorithm }))).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
    }
  });
});

describe('CVE-2025-65945: claims used in the look-up of a key', () => {
  it('cannot happen: the look-up takes the trusted issuer and kid', async () => {
    const fresh = new ValidationBench();
    await fresh.verdict(fresh.oidcToken({ kid: 'poison', jku: 'https://evil.example', alg: 'none', keys: [] }));
    expect(fresh.issuerAccess.issuerLookups).toEqual([OIDC_ISSUER]);
    expect(fresh.issuerAccess.keyLookups).toEqual([fresh.keys.oidc.kid]);
  });
});

describe('CVE-2020-28042: the null signature', () => {
  it('is refused', async () => {
    for (const { token, codes } of hostile.filter((entry) => entry.family === 'null signature'))
      expect(codes).toContain(await bench.verdict(token));
  });
});

describe('CVE-2018-0114, CVE-2026-27962: a key inside the token', () => {
  it('is refused before any key is looked for', async () => {
    expect(await refusedWithoutKeys('embedded key')).toBe(4);
  });
});

describe('CVE-2025-52477 and its kind: an address inside the token', () => {
  it('jku and x5u are refused before any key is looked for', async () => {
    expect(await refusedWithoutKeys('spoofed key address')).toBe(10);
  });

  it('an unknown issuer causes no look-up of a key', async () => {
    const fresh = new ValidationBench();
    expect(await fresh.verdict(fresh.oidcToken({ iss: 'https://attacker.example' }))).toBe('ISSUER_UNTRUSTED');
    await fresh.inspect(fresh.oidcToken({ iss: 'https://attacker.example' }));
    expect(fresh.issuerAccess.keyLookups).toEqual([]);
  });
});

describe('CVE-2020-26160, CVE-2024-5798, CVE-2026-55689, CVE-2023-22482: the audience that was not checked', () => {
  it.each([[undefined], [[]], [null], [''], [{}], [['']], [false], [0], [[[]]]])('aud %j never passes', async (aud) => {
    expect(await bench.verdict(bench.oidcToken({ aud }))).toMatch(/^TOKEN_(CLAIM_INVALID|AUDIENCE_MISMATCH)$/);
    expect(await bench.verdict(bench.v2Token({ aud }))).toMatch(/^TOKEN_(CLAIM_INVALID|AUDIENCE_MISMATCH)$/);
  });

  it('an issuer without audiences accepts nothing', async () => {
    const open = new ValidationBench({ oidc: { audiences: [] } });
    for (const aud of [API_URI, '', [''], ['*']])
      expect(await open.verdict(open.oidcToken({ aud }))).toBe('TOKEN_AUDIENCE_MISMATCH');
  });
});

describe('CVE-2024-53861, CVE-2025-30144: iss that is part of, or contains, the trusted one', () => {
  it.each([
    [[OIDC_ISSUER]],
    [['https://evil.example', OIDC_ISSUER]],
    ['https://idp'],
    [''],
    ['https://idp.example'],
    [`${OIDC_ISSUER},x`],
    [{ 0: OIDC_ISSUER }],
  ])('iss %j never passes', async (iss) => {
    expect(await bench.verdict(bench.oidcToken({ iss }))).toMatch(/^(TOKEN_CLAIM_INVALID|ISSUER_UNTRUSTED)$/);
  });
});

describe('GHSA-wxg7-w2v3-w38g, CVE-2026-9097, CVE-2020-26892, CVE-2024-51744: times that were not checked', () => {
  it('an expired token is refused whatever else it has', async () => {
    for (const more of [{}, { nbf: undefined }, { iat: bench.now }, { idtyp: 'app' }]) {
      expect(await bench.verdict(bench.v2Token({ exp: bench.now - 1, ...more }))).toMatch(/^TOKEN_(EXPIRED|CLAIM_INVALID)$/);
    }
  });

  it('one fault does not mask another', async () => {
    const codes = await bench.inspectedCodes(bench.v2Token({ exp: bench.now - 1, aud: 'other' }, {}, attacker));
    expect(codes).toEqual(['TOKEN_SIGNATURE_INVALID', 'TOKEN_AUDIENCE_MISMATCH', 'TOKEN_EXPIRED']);
  });
});

describe('CVE-2025-59420, CVE-2026-32597, GHSA-hm7r-c7qw-ghp6: crit that was ignored', () => {
  it('is refused in every shape', async () => {
    expect(await refusedWithoutKeys('critical header')).toBe(12);
  });
});

describe('CVE-2023-3128 and nOAuth: identity by a name that can be taken over', () => {
  it('no claim but oid and tid, or sub, changes the identity', async () => {
    const names = {
      email: 'victim@acme.example',
      upn: 'victim@acme.example',
      preferred_username: 'victim',
      unique_name: 'victim',
      name: 'victim',
      sub: 'other',
    };
    const [plain, named] = [await bench.validate(bench.v2Token()), await bench.validate(bench.v2Token(names))];
    if (plain.outcome !== 'accepted' || named.outcome !== 'accepted') throw new Error('a good token was refused');
    expect(named.principal.identity).toEqual(plain.principal.identity);
  });
});

describe('Storm-0558: a consumer key for an organisation', () => {
  const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const consumerKey = makeKey('RS256', 'msa-1');

  it('is refused though it stands in the same key document', async () => {
    const fresh = new ValidationBench();
    fresh.trust(entraIssuer(), V2_ISSUER, [
      verificationKey(fresh.keys.entra, 'https://login.microsoftonline.com/{tenantid}/v2.0'),
      verificationKey(consumerKey, `https://login.microsoftonline.com/${consumers}/v2.0`),
    ]);
    expect(await fresh.verdict(fresh.v2Token())).toBe('accepted');
    expect(await fresh.verdict(fresh.v2Token({}, { kid: 'msa-1' }, consumerKey))).toBe('TOKEN_KEY_ISSUER_MISMATCH');
    expect(await fresh.verdict(fresh.v2Token({ tid: consumers }, { kid: 'msa-1' }, consumerKey))).toBe(
      'TOKEN_KEY_ISSUER_MISMATCH',
    );
  });

  it('a tid cannot be written so that the template yields the issuer', async () => {
    const fresh = new ValidationBench();
    fresh.trust(entraIssuer(), V2_ISSUER, [
      verificationKey(consumerKey, `https://login.microsoftonline.com/${consumers}/{tenantid}`),
    ]);
    for (const tid of [`../${DIRECTORY}/v2.0`, '$&', "$'", '{tenantid}', '', DIRECTORY]) {
      expect(await fresh.verdict(fresh.v2Token({ tid }, { kid: 'msa-1' }, consumerKey))).toBe('TOKEN_KEY_ISSUER_MISMATCH');
    }
  });
});

describe('CVE-2016-7191: any directory of a shared cloud', () => {
  it('is refused unless it is listed', async () => {
    const other = '00000000-aaaa-4bbb-8ccc-dddddddddddd';
    const iss = `https://login.microsoftonline.com/${other}/v2.0`;
    expect(await bench.verdict(bench.v2Token({ tid: other, iss }))).toBe('ISSUER_UNTRUSTED');
    // Also if the look-up of the issuer were wider than the list.
    const wide = new ValidationBench();
    wide.trust(entraIssuer(), iss, [verificationKey(wide.keys.entra)]);
    expect(await wide.verdict(wide.v2Token({ tid: other, iss }))).toBe('TOKEN_TENANT_MISMATCH');
  });
});

describe('ALBeast: the signer chosen by the header', () => {
  it('cannot happen: keys belong to the issuer of the token', async () => {
    const token = signedToken(
      { typ: 'JWT', alg: 'RS256', kid: bench.keys.oidc.kid, signer: OIDC_ISSUER, iss: OIDC_ISSUER },
      bench.v2Claims({ aud: API }),
      bench.keys.oidc,
    );
    expect(await bench.verdict(token)).toBe('TOKEN_KEY_UNKNOWN');
  });
});

describe('Log injection', () => {
  it('no control character, colour code or line separator reaches a finding', async () => {
    const evil = 'x\r\n\u001b[31mFORGED\u2028\u202e';
    const tokens = [
      bench.oidcToken({ aud: evil }),
      bench.oidcToken({ iss: evil }),
      bench.oidcToken({}, { kid: evil }),
      bench.oidcToken({}, { typ: evil }),
      bench.oidcToken({ client_id: evil }),
      bench.oidcToken({ aud: 'y'.repeat(9000) }),
    ];
    for (const token of tokens) {
      const report = await bench.validate(token);
      if (report.outcome === 'accepted') throw new Error('a hostile token was accepted');
      const [{ actual, expected }] = report.findings;
      expect(actual).toMatch(/^[\x20-\x7e]{1,400}$/);
      expect(expected).toMatch(/^[\x20-\x7e]{1,400}$/);
    }
  });
});
