import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import * as client from 'openid-client';
import type { Host } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { basic, call, exchangeForm, JWT_TYPE, post, type RestAnswer } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const ORIGIN = 'https://app.acme.example';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const own = { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] };
const targets = [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }];

describeOnPostgres('Clients without a secret', (open) => {
  let service: TestService;
  let second: Host;
  let privateKey: CryptoKey;
  let publicJwk: JWK;

  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const pair = await generateKeyPair('ES256', { extractable: true });
    privateKey = pair.privateKey;
    publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' };
    await service.apply({
      apiVersion: 'countersign/v1',
      issuers: issuers(),
      clients: [
        { clientId: 'keyed', authentication: { methods: ['private_key_jwt'], keys: [publicJwk] }, presents: own, targets },
        { clientId: 'spa', kind: 'public', origins: [ORIGIN], binding: 'optional', presents: own, targets },
      ],
    });
    second = await service.another();
  }, 60_000);
  afterAll(() => service.stop());

  const issuers = () => sampleDocument(service.identityProvider.cloud, '0'.repeat(64))['issuers'];
  const subjectToken = (): string => service.identityProvider.issue({ persona: 'alice' });
  const assertion = (claims: JWTPayload = {}): Promise<string> =>
    new SignJWT({ jti: randomUUID(), aud: service.settings.issuer, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer('keyed')
      .setSubject('keyed')
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(privateKey);
  const withAssertion = (text: string, host = service.host): Promise<RestAnswer> =>
    post(
      host,
      exchangeForm(subjectToken(), { audience: SAMPLE_AUDIENCE, client_assertion: text, client_assertion_type: JWT_BEARER }),
    );

  it('is discovered and exchanges with openid-client, by private_key_jwt', async () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the service is on loopback here
    const options = { execute: [client.allowInsecureRequests], algorithm: 'oauth2' as const };
    const method = client.PrivateKeyJwt({ key: privateKey, kid: 'k1' });
    const configuration = await client.discovery(new URL(service.settings.issuer), 'keyed', undefined, method, options);
    const answer = await client.genericGrantRequest(configuration, 'urn:ietf:params:oauth:grant-type:token-exchange', {
      subject_token: subjectToken(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      audience: SAMPLE_AUDIENCE,
    });
    expect(answer).toMatchObject({ token_type: 'bearer', scope: expect.stringContaining('billing:invoice:read') });
  });

  describe('CVE-2020-15222: a client assertion', () => {
    it('is taken once, one after the other and on another replica', async () => {
      const text = await assertion();
      expect((await withAssertion(text)).status).toBe(200);
      for (const host of [service.host, second])
        expect((await withAssertion(text, host)).body).toMatchObject({
          error: 'invalid_client',
          code: 'CLIENT_ASSERTION_REPEATED',
        });
    });

    it('is taken once of 100 at the same time on two replicas', async () => {
      const text = await assertion();
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_each, number) => withAssertion(text, number % 2 === 0 ? service.host : second)),
      );
      const codes = answers.map(({ status, body }) => (status === 200 ? 'taken' : String(body['code'])));
      expect(codes.filter((code) => code === 'taken')).toHaveLength(1);
      expect(new Set(codes)).toEqual(new Set(['taken', 'CLIENT_ASSERTION_REPEATED']));
    });
  });

  it('answers every assertion that is wrong alike', async () => {
    const wrong = [
      await assertion({ aud: `${service.settings.issuer}/oauth2/token` }),
      await assertion({ aud: [service.settings.issuer] }),
      (await assertion()).slice(0, -2),
      subjectToken(),
    ];
    for (const text of wrong) {
      const { status, body } = await withAssertion(text);
      expect({ status, ...body }).toMatchObject({ status: 401, error: 'invalid_client', code: 'CLIENT_ASSERTION_INVALID' });
      expect(Object.keys(body).sort()).toEqual(['code', 'diagnostic_id', 'error', 'error_description', 'field']);
    }
  });

  it('takes no token for another: not one of ours as an assertion, nor an assertion as a subject token', async () => {
    const issued = String((await withAssertion(await assertion())).body['access_token']);
    expect((await withAssertion(issued)).body).toMatchObject({ code: 'CLIENT_ASSERTION_INVALID' });
    const form = exchangeForm(await assertion(), { audience: SAMPLE_AUDIENCE, client_assertion_type: JWT_BEARER });
    form.set('client_assertion', await assertion());
    expect((await post(service.host, form)).body).toMatchObject({ error: 'invalid_request', code: 'ISSUER_UNTRUSTED' });
  });

  it('takes no right secret of a client that may not use one, and no two ways at once', async () => {
    const digest = hash('sha256', service.secret);
    const both = { methods: ['private_key_jwt', 'client_secret_basic'], keys: [publicJwk] };
    const registered = { clientId: 'both', presents: own, targets };
    const change = (client: object) =>
      service.apply({ apiVersion: 'countersign/v1', issuers: issuers(), clients: [{ ...registered, ...client }] });
    const bySecret = () =>
      post(service.host, exchangeForm(subjectToken(), { audience: SAMPLE_AUDIENCE }), {
        authorization: basic('both', service.secret),
      });
    await change({ authentication: both, secretSha256: [digest] });
    expect((await bySecret()).status).toBe(200);
    await change({ authentication: { ...both, methods: ['private_key_jwt'] } });
    expect((await bySecret()).body).toMatchObject({ code: 'CLIENT_UNAUTHENTICATED' });

    const form = exchangeForm(subjectToken(), { client_assertion: await assertion(), client_assertion_type: JWT_BEARER });
    const twice = await post(service.host, form, { authorization: basic('both', service.secret) });
    expect(twice.body).toMatchObject({ code: 'CLIENT_AUTHENTICATION_AMBIGUOUS', field: 'client_assertion' });
  });

  it('takes an assertion as metadata over gRPC, once, and nobody without credentials', async () => {
    const metadata = new Metadata();
    metadata.set('client-assertion', await assertion());
    metadata.set('client-assertion-type', JWT_BEARER);
    const request = { subjectToken: subjectToken(), subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] };
    expect((await call(service.host, metadata, request)).response).toMatchObject({ tokenType: 'Bearer' });
    expect((await call(service.host, metadata, request)).failure).toMatchObject({ reason: 'CLIENT_ASSERTION_REPEATED' });
    const named = new Metadata();
    named.set('client-id', 'spa');
    for (const nobody of [new Metadata(), named])
      expect((await call(service.host, nobody, request)).failure).toMatchObject({ reason: 'CLIENT_UNAUTHENTICATED' });
  });

  describe('A public client', () => {
    const exchange = (more: Readonly<Record<string, string>> = {}, headers: Readonly<Record<string, string>> = {}) =>
      post(service.host, exchangeForm(subjectToken(), { audience: SAMPLE_AUDIENCE, ...more }), headers);
    const preflight = (headers: Readonly<Record<string, string>>, path = '/oauth2/token') =>
      fetch(`${service.host.httpUrl}${path}`, { method: 'OPTIONS', headers });
    const asking = { origin: ORIGIN, 'access-control-request-method': 'POST' };

    it('is named by its token, with its id and without', async () => {
      expect((await exchange()).body).toMatchObject({ token_type: 'Bearer' });
      expect((await exchange({ client_id: 'spa' })).body).toMatchObject({ token_type: 'Bearer' });
    });

    it('is nobody else than whom the token names, and nobody with credentials that are none', async () => {
      const refused = { error: 'invalid_client', code: 'CLIENT_UNAUTHENTICATED' };
      expect((await exchange({ client_id: 'keyed' })).body).toMatchObject(refused);
      expect((await exchange({ client_id: 'nobody' })).body).toMatchObject(refused);
      expect((await exchange({ client_id: 'spa', client_secret: 'x' })).body).toMatchObject(refused);
      expect((await exchange({}, { authorization: 'Bearer x' })).body).toMatchObject(refused);
      expect((await exchange({ subject_token: service.identityProvider.issue({ persona: 'svc-billing' }) })).status).toBe(401);
    });

    it('calls from pages of its origins alone, without credentials of the browser', async () => {
      const allowed = await preflight({ ...asking, 'access-control-request-headers': 'dpop' });
      expect(allowed.status).toBe(204);
      expect(Object.fromEntries(allowed.headers)).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'Content-Type, DPoP',
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      });
      expect(allowed.headers.has('access-control-allow-credentials')).toBe(false);
      for (const origin of ['https://evil.example', `${ORIGIN}.evil.example`, ORIGIN.toUpperCase(), 'null', `${ORIGIN}/`, '*'])
        expect((await preflight({ ...asking, origin })).headers.has('access-control-allow-origin')).toBe(false);
      const other = await preflight({ ...asking, 'access-control-request-method': 'DELETE' });
      expect(other.headers.has('access-control-allow-origin')).toBe(false);
    });

    it('reads answers and refusals from those pages, and nobody reads any elsewhere', async () => {
      for (const more of [{}, { audience: 'https://nobody.example' }]) {
        const answer = await exchange(more, { origin: ORIGIN });
        expect([answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')]).toEqual([ORIGIN, 'Origin']);
        expect((await exchange(more, { origin: 'https://evil.example' })).headers.has('access-control-allow-origin')).toBe(false);
      }
      expect((await exchange()).headers.get('vary')).toBe('Origin');
    });

    it('is let in from a page only where public clients have something to do', async () => {
      for (const path of ['/oauth2/introspect', '/v1/check', '/.well-known/jwks.json', '/admin/v1/keys']) {
        const answer = await preflight(asking, path);
        expect([path, answer.headers.has('access-control-allow-origin')]).toEqual([path, false]);
      }
    });
  });
});
