import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import {
  type Algorithm,
  AUDIENCE,
  base64url,
  makeKey,
  ManualRuntime,
  signed,
  StandInIssuer,
  START_SECONDS,
} from './fixtures/stand-in.issuer.js';
import { createVerifier, type Shown, type Verifier, type VerifierOptions } from './verifier.js';

let issuer: StandInIssuer;
let runtime: ManualRuntime;
let verifier: Verifier;

const made = (options: Partial<VerifierOptions> = {}): Verifier =>
  createVerifier({ issuer: issuer.issuer, audience: AUDIENCE, ...options }, runtime);

const refusal = (reason: string, retryable = false): object =>
  expect.objectContaining({ name: 'CountersignError', reason, retryable });

async function expectRefused(token: string, reason: string, shown?: Shown): Promise<void> {
  await expect(verifier.verify(token, shown)).rejects.toEqual(refusal(reason));
}

beforeEach(async () => {
  issuer = await new StandInIssuer().open();
  runtime = new ManualRuntime();
  verifier = made();
});

afterEach(async () => {
  verifier.close();
  await issuer.close();
});

describe('A good token', () => {
  it.each<Algorithm>(['ES256', 'Ed25519', 'PS256', 'RS256'])('is taken when jose signed it with %s', async (algorithm) => {
    const key = makeKey(`key-${algorithm}`, algorithm);
    issuer.keys = [issuer.key.jwk, key.jwk];
    const token = await new SignJWT(issuer.claims())
      .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: key.kid })
      .sign(key.privateKey);
    await expect(verifier.verify(token)).resolves.toMatchObject({ subject: 'u_ana', keyId: key.kid });
  });

  it('says what it holds', async () => {
    const details = [{ type: 'billing_resource', actions: ['read'] }];
    const act = { sub: 'c_portal', act: { sub: 'c_edge' } };
    const more = {
      scope: 'a b',
      act,
      acr: '2',
      amr: ['mfa'],
      auth_time: START_SECONDS - 9,
      cnd: 2,
      authorization_details: details,
    };
    await expect(verifier.verify(issuer.token({ ...more, impersonated: true }))).resolves.toEqual({
      tokenId: 't-1',
      keyId: 'key-1',
      subject: 'u_ana',
      clientId: 'portal',
      tenant: 'acme',
      audience: AUDIENCE,
      scope: 'a b',
      permissions: ['billing:invoice:read'],
      permissionsByReference: false,
      conditionalCount: 2,
      authorizationDetails: details,
      act,
      impersonated: true,
      confirmation: null,
      issuedAt: START_SECONDS,
      originIssuedAt: START_SECONDS,
      expiresAt: START_SECONDS + 600,
      acr: '2',
      amr: ['mfa'],
      authTime: START_SECONDS - 9,
      policyVersion: 'main@42',
      epoch: 9131,
    });
  });

  it.each(['at+jwt', 'application/at+jwt', 'at+JWT'])('is one of type %s, with header members that nobody knows', async (typ) => {
    const token = issuer.token({}, issuer.key, { typ, unknown: 1 });
    await expect(verifier.verify(token)).resolves.toMatchObject({ tokenId: 't-1' });
  });

  it('costs two requests, however many come at once', async () => {
    await Promise.all(Array.from({ length: 50 }, () => verifier.verify(issuer.token())));
    expect(issuer.asked).toEqual({ keys: 1, cutoffs: 1 });
  });
});

describe('A token in any other form', () => {
  const malleable: [string, (token: string) => string][] = [
    ['with padding', (token) => `${token}=`],
    ['with a blank behind it', (token) => `${token} `],
    ['with a line break', (token) => `${token}\n`],
    ['with a fourth part', (token) => `${token}.e30`],
    ['without a signature', (token) => token.slice(0, token.lastIndexOf('.') + 1)],
    ['without the last part', (token) => token.slice(0, token.lastIndexOf('.'))],
    ['with bits left over', (token) => (token.endsWith('A') ? `${token.slice(0, -1)}B` : `${token.slice(0, -1)}${other(token)}`)],
    ['in the other alphabet', (token) => `${token.slice(0, -5)}+${token.slice(-4)}`],
    ['with Bearer before it', (token) => `Bearer ${token}`],
    ['that is empty', () => ''],
    ['of dots alone', () => '.'.repeat(16_000)],
  ];
  /** The last of 86 characters carries two bits: the other four are zero in the one spelling that is taken. */
  const other = (token: string): string => ({ A: 'B', Q: 'R', g: 'h', w: 'x' })[token.slice(-1)] ?? '?';

  it.each(malleable)('is refused %s', (_how, spoil) => expectRefused(spoil(issuer.token()), 'TOKEN_MALFORMED'));

  it.each([
    ['a claim twice', '{"aud":"x","aud":"AUD"}'],
    ['a claim twice, once escaped', '{"aud":"x","\\u0061ud":"AUD"}'],
    ['a claim twice inside', '{"aud":"AUD","act":{"sub":"a","sub":"b"}}'],
    ['__proto__', '{"aud":"AUD","__proto__":{"a":1}}'],
    ['a number beyond all', '{"aud":"AUD","n":1e400}'],
    ['half a character', '{"sub":"\\ud800"}'],
    ['a byte order mark', '\uFEFF{}'],
    ['a list', '[]'],
    ['no JSON', '{'],
    ['9 levels', `{"a":${'['.repeat(8)}${']'.repeat(8)}}`],
    ['201 members', `{${Array.from({ length: 201 }, (_, n) => `"m${n}":1`).join()}}`],
  ])('is refused with %s in the payload, although it is signed', (_what, payload) =>
    expectRefused(signed(issuer.key, { alg: 'ES256', typ: 'at+jwt', kid: 'key-1' }, payload), 'TOKEN_MALFORMED'),
  );

  it('is refused when the header names a member twice', () =>
    expectRefused(
      signed(issuer.key, '{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"key-1"}', issuer.claims()),
      'TOKEN_MALFORMED',
    ));

  it('is refused above 16 KiB without a look at it', async () => {
    await expectRefused(issuer.token({ pad: 'x'.repeat(16_384) }), 'TOKEN_TOO_LARGE');
    await expectRefused('.'.repeat(10_000_000), 'TOKEN_TOO_LARGE');
    expect(issuer.asked).toEqual({ keys: 0, cutoffs: 0 });
  });
});

describe('A token that brings its own rules', () => {
  it.each(['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc'])('is refused for %s', async (name) => {
    await expectRefused(issuer.token({}, issuer.key, { [name]: [name] }), 'TOKEN_HEADER_FORBIDDEN');
    expect(issuer.asked.keys).toBe(0);
  });

  it.each(['none', 'None', 'noNE', 'NONE', '', 'es256', 'HS256', 'RS256', 'ES384', 'EdDSA'])('is refused for alg "%s"', (alg) =>
    expectRefused(issuer.token({}, issuer.key, { alg }), 'TOKEN_ALGORITHM_NOT_ALLOWED'),
  );

  it('is refused when the public key, in any spelling, was the secret of an HMAC', async () => {
    const { publicKey, jwk } = issuer.key;
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const spellings = [pem, `\n${pem}`, JSON.stringify(jwk), publicKey.export({ type: 'spki', format: 'der' }), ''];
    for (const secret of spellings) {
      const input = `${base64url({ alg: 'HS256', typ: 'at+jwt', kid: 'key-1' })}.${base64url(issuer.claims())}`;
      const mac = createHmac('sha256', secret).update(input).digest('base64url');
      await expectRefused(`${input}.${mac}`, 'TOKEN_ALGORITHM_NOT_ALLOWED');
    }
  });

  it('is refused when an RSA key is used with the other padding', async () => {
    const key = makeKey('rsa', 'RS256');
    issuer.keys = [key.jwk];
    await expectRefused(issuer.token({}, { ...key, algorithm: 'PS256' }), 'TOKEN_ALGORITHM_NOT_ALLOWED');
    await expectRefused(issuer.token({}, { ...key, algorithm: 'PS256' }, { alg: 'RS256' }), 'TOKEN_SIGNATURE_INVALID');
  });

  it('is refused with an algorithm that this verifier does not allow', async () => {
    verifier.close();
    verifier = made({ algorithms: ['RS256'] });
    issuer.keys = [issuer.key.jwk, makeKey('rsa', 'RS256').jwk];
    await expectRefused(issuer.token(), 'TOKEN_KEY_UNKNOWN');
  });

  it('is refused when another key signed it', async () => {
    const stranger = { ...makeKey('key-1') };
    await expectRefused(issuer.token({}, stranger), 'TOKEN_SIGNATURE_INVALID');
    const second = makeKey('key-2');
    issuer.keys = [issuer.key.jwk, second.jwk];
    runtime.works.get(300_000)?.();
    await expectRefused(issuer.token({}, { ...issuer.key, kid: 'key-2' }), 'TOKEN_SIGNATURE_INVALID');
  });

  it.each(['JWT', 'jwt', 'id+jwt', 'countersign-cutoff+jwt', 'at+jwt ', '', 1, undefined])(
    'is refused of type %s',
    async (typ) => {
      await expectRefused(issuer.token({}, issuer.key, { typ }), 'TOKEN_TYPE_MISMATCH');
      expect(issuer.asked.keys).toBe(0);
    },
  );

  it('is refused although it is a true cut-off document', () => expectRefused(issuer.cutoffs, 'TOKEN_TYPE_MISMATCH'));
});

describe('CVE-2022-21449', () => {
  it.each([0, 1])('a signature of zeros in both halves, or in half %i', async (half) => {
    const [header = '', payload = '', signature = ''] = issuer.token().split('.');
    const bytes = Buffer.from(signature, 'base64url').fill(0, half * 32, half * 32 + 32);
    await expectRefused(`${header}.${payload}.${bytes.toString('base64url')}`, 'TOKEN_SIGNATURE_INVALID');
    await expectRefused(`${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`, 'TOKEN_SIGNATURE_INVALID');
  });
});

describe('A signed token', () => {
  it('is refused of another issuer', async () => {
    for (const iss of [`${issuer.issuer}/`, issuer.issuer.toUpperCase(), 'https://evil.test', [issuer.issuer], null])
      await expectRefused(issuer.token({ iss }), 'ISSUER_UNTRUSTED');
  });

  it('is refused for another audience', async () => {
    for (const aud of [`${AUDIENCE}/`, AUDIENCE.slice(0, -1), [AUDIENCE], [], '', null])
      await expectRefused(issuer.token({ aud }), 'TOKEN_AUDIENCE_MISMATCH');
  });

  it.each(['jti', 'sub', 'client_id', 'tenant', 'pv', 'ep', 'iat', 'exp'])(
    'is refused without %s, or with null for it',
    async (name) => {
      await expectRefused(issuer.token({ [name]: undefined }), 'TOKEN_CLAIM_INVALID');
      await expectRefused(issuer.token({ [name]: null }), 'TOKEN_CLAIM_INVALID');
    },
  );

  it.each<object>([
    { exp: START_SECONDS + 600.5 },
    { exp: 2 ** 34 },
    { exp: '1790000600' },
    { iat: START_SECONDS, exp: START_SECONDS + 10, nbf: 'x' },
    { iat: START_SECONDS + 20, exp: START_SECONDS + 10 },
    { permissions: 'billing:invoice:read' },
    { permissions: [1] },
    { permissions_ref: 'true' },
    { impersonated: false },
    { act: 'c_portal' },
    { act: { sub: 'a', act: { sub: 'b', act: { sub: 'c', act: { sub: 'd', act: { sub: 'e' } } } } } },
    { cnf: {} },
    { cnf: { kid: 'x' } },
    { cnf: { jkt: 'x', 'x5t#S256': 'y' } },
    { cnd: -1 },
    { authorization_details: {} },
  ])('is refused with %j', (changed) => expectRefused(issuer.token(changed), 'TOKEN_CLAIM_INVALID'));

  it('ends on the second, and one that ends while it waits is refused', async () => {
    await verifier.verify(issuer.token());
    runtime.pass(599);
    await verifier.verify(issuer.token());
    runtime.pass(1);
    await expectRefused(issuer.token(), 'TOKEN_EXPIRED');

    issuer.answerCutoffs = (_request, response) => {
      runtime.pass(100);
      response.end(issuer.cutoffs);
    };
    runtime.pass(60);
    await expectRefused(issuer.token({ exp: START_SECONDS + 700 }), 'TOKEN_EXPIRED');
  });

  it('has as much leeway as was asked for, and no more', async () => {
    verifier.close();
    verifier = made({ expiryLeewaySeconds: 30, clockSkewSeconds: 10 });
    runtime.pass(629);
    await verifier.verify(issuer.token());
    runtime.pass(1);
    await expectRefused(issuer.token(), 'TOKEN_EXPIRED');
    const now = START_SECONDS + 630;
    await verifier.verify(issuer.token({ iat: now + 10, exp: now + 60 }));
    await expectRefused(issuer.token({ iat: now + 11, exp: now + 60 }), 'TOKEN_NOT_YET_VALID');
    await expectRefused(issuer.token({ nbf: now + 11, exp: now + 60 }), 'TOKEN_NOT_YET_VALID');
  });

  it('lasts a day at most, or as long as was asked for', async () => {
    await verifier.verify(issuer.token({ exp: START_SECONDS + 86_400 }));
    await expectRefused(issuer.token({ exp: START_SECONDS + 86_401 }), 'TOKEN_LIFETIME_TOO_LONG');
    verifier.close();
    verifier = made({ maxLifetimeSeconds: 600 });
    await verifier.verify(issuer.token());
    await expectRefused(issuer.token({ exp: START_SECONDS + 601 }), 'TOKEN_LIFETIME_TOO_LONG');
  });

  it('that is bound is good with the key that was shown, and with nothing else', async () => {
    const bound = issuer.token({ cnf: { jkt: 'thumb' } });
    await expectRefused(bound, 'BINDING_NOT_SHOWN');
    await expectRefused(bound, 'BINDING_NOT_SHOWN', { keys: [{ jkt: 'other' }, { 'x5t#S256': 'thumb' }, {}] });
    await expect(verifier.verify(bound, { keys: [{ jkt: 'other' }, { jkt: 'thumb' }] })).resolves.toMatchObject({
      confirmation: { jkt: 'thumb' },
    });
  });
});

describe('A verifier', () => {
  it('leads to its explanations at the issuer, or where it was told to', async () => {
    const help = (base: string): object => expect.objectContaining({ helpUrl: `${base}docs/sdk/verifier.md#token_malformed` });
    await expect(verifier.verify('x')).rejects.toEqual(help(`${issuer.issuer}/`));
    verifier.close();
    verifier = made({ helpBase: 'https://wiki.acme.test/countersign' });
    await expect(verifier.verify('x')).rejects.toEqual(help('https://wiki.acme.test/countersign/'));
  });

  it.each<Partial<VerifierOptions>>([
    { audience: '' },
    { issuer: '' },
    { algorithms: [] },
    { issuer: 'http://auth.example.com' },
    { jwksUri: 'http://10.0.0.1/jwks' },
    { cutoffsUri: 'file:///etc/passwd' },
    { jwksUri: 'https://user:secret@auth.example.com/jwks' },
    { expiryLeewaySeconds: 61 },
    { clockSkewSeconds: 301 },
    { clockSkewSeconds: -1 },
    { expiryLeewaySeconds: Number.NaN },
    { maxLifetimeSeconds: 0 },
    { maxLifetimeSeconds: 86_401 },
    { helpBase: 'javascript:alert(1)' },
    { helpBase: 'docs/' },
  ])('is not made with %j', (options) => {
    expect(() => made(options)).toThrow(TypeError);
  });

  it('stops its timers when it is closed', () => {
    expect([...runtime.works.keys()]).toEqual([300_000, 30_000]);
    verifier.close();
    expect(runtime.works.size).toBe(0);
  });
});
