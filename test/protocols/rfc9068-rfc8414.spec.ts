import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_API_CLIENT_ID, DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import { basic, exchangeForm, post, type RestAnswer } from '../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const OLD = 'https://old.acme.example';
const BOTH = 'both-targets';

const home = mkdtempSync(join(tmpdir(), 'countersign-protocols-'));
let service: TestService;
let metadata: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  const keyEncryptionKeyFile = join(home, 'kek');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const sealed = { keyEncryptionKeyFile, floorFile: join(home, 'floor') };
  const keys = { ...sealed, algorithms: ['ES256', 'RS256'] as const, rotation: usualRotation() };
  service = await startService({ database: { kind: 'embedded', directory: null }, settings: { keys } });
  const secretSha256 = [createHash('sha256').update(service.secret).digest('hex')];
  const { issuers, applications } = sampleDocument(service.identityProvider.cloud, '');
  await service.apply({
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    issuers,
    applications: [
      ...(applications as object[]),
      {
        audience: OLD,
        prefix: 'old',
        permissions: [{ name: 'old:all:read' }],
        allowEmptyPermissions: true,
        signingAlgorithm: 'RS256',
      },
    ],
    clients: [
      {
        clientId: BOTH,
        secretSha256,
        presents: {
          own: [
            { issuer: 'devkit', id: DEV_SPA_CLIENT_ID },
            { issuer: 'devkit', id: DEV_API_CLIENT_ID },
          ],
        },
        targets: [SAMPLE_AUDIENCE, OLD].map((audience) => ({ audience, scopes: ['**'] })),
      },
    ],
  });
  metadata = await documentAt('/.well-known/oauth-authorization-server');
}, 60_000);
afterAll(async () => {
  await service.stop();
  rmSync(home, { recursive: true, force: true });
});

const documentAt = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
  (await (await fetch(service.host.httpUrl + path)).json()) as Readonly<Record<string, unknown>>;
const ask = (more: Record<string, string> = {}, clientId = BOTH, overrides: Record<string, unknown> = {}): Promise<RestAnswer> =>
  post(service.host, exchangeForm(service.identityProvider.issue({ persona: 'alice', overrides }), more), {
    authorization: basic(clientId, service.secret),
  });
const tokenFor = async (audience = SAMPLE_AUDIENCE, overrides: Record<string, unknown> = {}): Promise<string> =>
  String((await ask({ audience }, BOTH, overrides)).body['access_token']);

describe('RFC 9068 §2 The token', () => {
  it('9068-01 (§2.1) is signed, by ES256, or by RS256 where its audience wants that', async () => {
    const keys = createRemoteJWKSet(new URL(String(metadata['jwks_uri'])));
    for (const [audience, alg] of [
      [SAMPLE_AUDIENCE, 'ES256'],
      [OLD, 'RS256'],
    ] as const) {
      const { protectedHeader } = await jwtVerify(await tokenFor(audience), keys, { audience, algorithms: [alg], typ: 'at+jwt' });
      expect(protectedHeader.alg).toBe(alg);
    }
  });

  it('9068-02 (§2.1) says at+jwt, in lower case', async () => {
    expect(decodeProtectedHeader(await tokenFor()).typ).toBe('at+jwt');
  });

  it('9068-03 (§2.2) has iss, exp, aud, sub, client_id, iat and jti', async () => {
    expect(decodeJwt(await tokenFor())).toMatchObject({
      iss: service.settings.issuer,
      exp: expect.any(Number),
      aud: SAMPLE_AUDIENCE,
      sub: expect.stringMatching(/^u_/),
      client_id: BOTH,
      iat: expect.any(Number),
      jti: expect.any(String),
    });
  });

  it('9068-04 (§2.2.1) passes on how the subject authenticated, unchanged', async () => {
    const authTime = Math.floor(Date.now() / 1_000) - 300;
    const claims = decodeJwt(await tokenFor(SAMPLE_AUDIENCE, { auth_time: authTime, acr: '1', amr: ['pwd', 'mfa'] }));
    expect(claims).toMatchObject({ auth_time: authTime, acr: '1', amr: ['pwd', 'mfa'] });
  });

  it('9068-05 (§2.2.3) has the scope that was granted, each value with a meaning at its audience', async () => {
    const { scope } = decodeJwt(await tokenFor());
    expect(
      String(scope)
        .split(' ')
        .every((value) => value.startsWith('billing:')),
    ).toBe(true);
  });

  it('9068-06 (§3) is for the resource that was asked for', async () => {
    const { body } = await ask({ resource: SAMPLE_AUDIENCE });
    expect(decodeJwt(String(body['access_token'])).aud).toBe(SAMPLE_AUDIENCE);
  });

  it('9068-07 (§3) is for the one target of a client that names none, and is not issued where there are several', async () => {
    const only = await ask({}, PORTAL_CLIENT_ID);
    expect(decodeJwt(String(only.body['access_token'])).aud).toBe(SAMPLE_AUDIENCE);
    expect((await ask()).body).toMatchObject({ error: 'invalid_target', code: 'TARGET_MISSING' });
  });

  it('9068-08 (§5) has one audience, and one for each application', async () => {
    expect([decodeJwt(await tokenFor()).aud, decodeJwt(await tokenFor(OLD)).aud]).toEqual([SAMPLE_AUDIENCE, OLD]);
  });

  it('9068-10 (§5) names a client that acts, and a user, so that neither passes for the other', async () => {
    const users = decodeJwt(await tokenFor()).sub ?? '';
    expect(users).toMatch(/^u_[\w-]{43}$/);
    expect(users).not.toContain(BOTH);
  });

  it('9068-11 (§4) is verified with published metadata alone; the OpenID document agrees', async () => {
    const openId = await documentAt('/.well-known/openid-configuration');
    for (const name of ['issuer', 'jwks_uri', 'token_endpoint']) expect(openId[name]).toBe(metadata[name]);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the service is on loopback here
    const http = { [oauth.allowInsecureRequests]: true } as const;
    const server = metadata as unknown as oauth.AuthorizationServer;
    const headers = { authorization: `Bearer ${await tokenFor()}` };
    const verified = await oauth.validateJwtAccessToken(server, new Request(SAMPLE_AUDIENCE, { headers }), SAMPLE_AUDIENCE, http);
    expect(verified.client_id).toBe(BOTH);
    const elsewhere = oauth.validateJwtAccessToken(server, new Request(OLD, { headers }), OLD, http);
    await expect(elsewhere).rejects.toThrow();
  });
});

describe('RFC 8414 §2 and §3 Metadata', () => {
  it('8414-01 (§2, §3.3) issuer is the one that the URL is made from, to the byte', () => {
    expect(metadata['issuer']).toBe(service.settings.issuer);
  });

  it('8414-02 (§2) there is no authorization_endpoint', () => {
    expect(metadata).not.toHaveProperty('authorization_endpoint');
  });

  it('8414-03 (§2) token_endpoint is there', async () => {
    const response = await fetch(String(metadata['token_endpoint']), { method: 'POST', body: new URLSearchParams() });
    expect(response.status).toBe(400);
  });

  it('8414-04 (§2) jwks_uri is there, and each key says what it is for', async () => {
    const { keys } = (await (await fetch(String(metadata['jwks_uri']))).json()) as { keys: { use: string; alg: string }[] };
    expect(keys.map(({ use, alg }) => [use, alg]).sort()).toEqual([
      ['sig', 'ES256'],
      ['sig', 'RS256'],
    ]);
  });

  it('8414-05 (§2, §3.2) response_types_supported is left out, as an empty list has to be', () => {
    expect(metadata).not.toHaveProperty('response_types_supported');
  });

  it('8414-06 (§2) grant_types_supported is what is built, since its default is not', () => {
    expect(metadata['grant_types_supported']).toEqual(['urn:ietf:params:oauth:grant-type:token-exchange']);
  });

  it('8414-07 (§2) token_endpoint_auth_methods_supported is set', () => {
    expect(metadata['token_endpoint_auth_methods_supported']).toEqual(
      expect.arrayContaining(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']),
    );
  });

  it('8414-08 (§2) the algorithms of assertions are set, RS256 among them, never none', () => {
    const algorithms = metadata['token_endpoint_auth_signing_alg_values_supported'];
    expect(algorithms).toEqual(expect.arrayContaining(['RS256', 'ES256']));
    expect(algorithms).not.toContain('none');
  });

  it('8414-10 (§2) introspection and revocation are there, with how to authenticate', async () => {
    for (const endpoint of ['introspection_endpoint', 'revocation_endpoint']) {
      const response = await fetch(String(metadata[endpoint]), { method: 'POST', body: new URLSearchParams({ token: 'x' }) });
      expect(response.status).toBe(401);
      expect(metadata[`${endpoint}_auth_methods_supported`]).toContain('private_key_jwt');
      expect(metadata[`${endpoint}_auth_signing_alg_values_supported`]).toContain('RS256');
    }
    expect(metadata['introspection_endpoint_auth_methods_supported']).not.toContain('none');
  });

  it('8414-12 extensions are told as they are built', () => {
    expect(metadata['dpop_signing_alg_values_supported']).toEqual(expect.arrayContaining(['ES256']));
    expect(metadata).not.toHaveProperty('tls_client_certificate_bound_access_tokens');
  });

  it('8414-13 (§3) is JSON over GET, and no member is empty', async () => {
    const response = await fetch(`${service.host.httpUrl}/.well-known/oauth-authorization-server`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/json/)]);
    for (const value of Object.values(metadata)) expect(value).not.toEqual([]);
    const posted = await fetch(`${service.host.httpUrl}/.well-known/oauth-authorization-server`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
