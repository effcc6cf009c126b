import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_MAPPING } from '#clients/error-mapping.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { hostileTokens, type HostileToken, type ValidToken } from '../vectors/hostile-tokens.js';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicJwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };

describe('Hostile tokens', () => {
  let service: TestService;
  let issuer: { readonly url: string; readonly server: Server };
  let authorization: string;
  let tokens: readonly HostileToken[] = [];

  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    issuer = await startIssuer();
    authorization = basic('victim', service.secret);
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
      issuers: [{ name: 'plain', provider: 'oidc', issuer: issuer.url, tenant: 'acme', audiences: ['orders'] }],
      clients: [
        {
          clientId: 'victim',
          secretSha256: [createHash('sha256').update(service.secret).digest('hex')],
          presents: { own: [{ issuer: 'plain', id: 'web' }] },
          targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
        },
      ],
      subjects: [{ tenant: 'acme', key: 'victim', kind: 'user', identities: [{ issuer: 'plain', id: 'user-1' }] }],
      assignments: [{ tenant: 'acme', principal: 'subject:victim', role: 'viewer' }],
    });
    tokens = hostileTokens(validToken(issuer.url));
  }, 60_000);
  afterAll(async () => {
    issuer.server.close();
    await service.stop();
  });

  it('are made from a token that is accepted over both transports', async () => {
    const { header, payload, privateKey } = validToken(issuer.url);
    const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const good = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
    expect((await post(service.host, exchangeForm(good), { authorization })).status).toBe(200);
    expect(
      (await call(service.host, authorization, { subjectToken: good, subjectTokenType: JWT_TYPE })).response?.tokenType,
    ).toBe('Bearer');
  });

  it('are refused over REST, each for its own reason', async () => {
    for (const hostile of tokens) {
      const answer = await post(service.host, exchangeForm(hostile.token), { authorization });
      expect({ name: hostile.name, status: answer.status, error: answer.body['error'] }).toEqual({
        name: hostile.name,
        status: 400,
        error: 'invalid_request',
      });
      expect({
        name: hostile.name,
        known: hostile.codes.includes(answer.body['code'] as never),
        code: answer.body['code'],
      }).toMatchObject({ known: true });
      expect(JSON.stringify(answer.body)).not.toContain(hostile.token.slice(0, 40));
    }
    expect(new Set(tokens.map(({ family }) => family)).size).toBeGreaterThanOrEqual(13);
  }, 60_000);

  it('are refused over gRPC, each for its own reason', async () => {
    for (const hostile of tokens) {
      const { failure } = await call(service.host, authorization, { subjectToken: hostile.token, subjectTokenType: JWT_TYPE });
      expect({
        name: hostile.name,
        known: hostile.codes.includes(failure?.reason as never),
        reason: failure?.reason,
      }).toMatchObject({ known: true });
      expect(failure?.code).toBe(ERROR_MAPPING[failure?.reason as keyof typeof ERROR_MAPPING].grpc);
    }
  }, 60_000);
});

function validToken(issuer: string): ValidToken {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: issuer, sub: 'user-1', aud: 'orders', client_id: 'web', iat: now, exp: now + 3600, jti: 'j1' };
  return { header: { typ: 'at+jwt', alg: 'RS256', kid: 'k1' }, payload, privateKey: keys.privateKey, publicJwk };
}

async function startIssuer(): Promise<{ readonly url: string; readonly server: Server }> {
  let url = '';
  const server = createServer((request, response) => {
    const discovery = { issuer: url, jwks_uri: `${url}/keys` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [publicJwk] } : discovery));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { url, server };
}
