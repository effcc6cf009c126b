import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import Provider, { type Configuration } from 'oidc-provider';
import { basic, exchangeForm, GRANT, JWT_TYPE, post } from '../support/callers.js';
import { freePort, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const API = 'https://orders.acme.example';

describe('Interoperation with software that nobody here wrote', () => {
  let service: TestService;
  let identityProvider: { readonly issuer: string; readonly server: Server };
  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    identityProvider = await startOidcProvider();
  }, 60_000);
  afterAll(async () => {
    identityProvider.server.close();
    await service.stop();
  });

  describe('oauth4webapi', () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the service is on loopback here
    const http = { [oauth.allowInsecureRequests]: true } as const;

    it.each(['oauth2', 'oidc'] as const)('discovers the service (%s)', async (algorithm) => {
      const server = await discovered(algorithm);
      expect(server.token_endpoint).toBe(`${service.settings.issuer}/oauth2/token`);
      expect(server.grant_types_supported).toEqual([GRANT]);
    });

    it.each([
      ['client_secret_basic', oauth.ClientSecretBasic],
      ['client_secret_post', oauth.ClientSecretPost],
    ])('exchanges with %s', async (_name, method) => {
      const server = await discovered('oauth2');
      const client: oauth.Client = { client_id: PORTAL_CLIENT_ID };
      const parameters = new URLSearchParams({
        subject_token: service.identityProvider.issue({ persona: 'alice' }),
        subject_token_type: JWT_TYPE,
        audience: SAMPLE_AUDIENCE,
      });
      const response = await oauth.genericTokenEndpointRequest(server, client, method(service.secret), GRANT, parameters, http);
      const result = await oauth.processGenericTokenEndpointResponse(server, client, response);
      expect(result.token_type).toBe('bearer');
      const request = new Request('https://billing.acme.example/', {
        headers: { authorization: `Bearer ${result.access_token}` },
      });
      const claims = await oauth.validateJwtAccessToken(server, request, SAMPLE_AUDIENCE, http);
      expect(claims['permissions']).toContain('billing:invoice:read');
    });

    it('reads our refusals as OAuth errors', async () => {
      const server = await discovered('oauth2');
      const parameters = new URLSearchParams({ subject_token: 'x', subject_token_type: JWT_TYPE });
      const client: oauth.Client = { client_id: PORTAL_CLIENT_ID };
      const response = await oauth.genericTokenEndpointRequest(
        server,
        client,
        oauth.ClientSecretBasic(service.secret),
        GRANT,
        parameters,
        http,
      );
      await expect(oauth.processGenericTokenEndpointResponse(server, client, response)).rejects.toMatchObject({
        error: 'invalid_request',
        status: 400,
      });
    });

    async function discovered(algorithm: 'oauth2' | 'oidc'): Promise<oauth.AuthorizationServer> {
      const issuer = new URL(service.settings.issuer);
      const response = await oauth.discoveryRequest(issuer, { algorithm, ...http });
      return oauth.processDiscoveryResponse(issuer, response);
    }
  });

  describe('oidc-provider as identity provider', () => {
    it('has its JWT access tokens exchanged', async () => {
      await service.apply(trustIn(identityProvider.issuer, service));
      const subjectToken = await accessTokenOf(identityProvider.issuer);
      expect(decodeJwt(subjectToken)).toMatchObject({ iss: identityProvider.issuer, aud: API, client_id: 'robot' });
      const answer = await post(service.host, exchangeForm(subjectToken, { audience: SAMPLE_AUDIENCE }), {
        authorization: basic('robot-here', service.secret),
      });
      expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'billing:invoice:read billing:report:read' });
      const keys = createRemoteJWKSet(new URL(`${service.settings.issuer}/.well-known/jwks.json`));
      const { payload } = await jwtVerify(String(answer.body['access_token']), keys, {
        audience: SAMPLE_AUDIENCE,
        typ: 'at+jwt',
      });
      expect(payload.sub).toMatch(/^w_/);
      expect(payload['act']).toBeUndefined();
    });

    it('has a token for another resource refused', async () => {
      const other = await accessTokenOf(identityProvider.issuer, 'https://other.acme.example');
      const answer = await post(service.host, exchangeForm(other), { authorization: basic('robot-here', service.secret) });
      expect(answer.body).toMatchObject({ error: 'invalid_request', code: 'TOKEN_AUDIENCE_MISMATCH' });
    });
  });
});

/** The identity provider of another author, with one robot that signs in as itself and gets RFC 9068 access tokens. */
async function startOidcProvider(): Promise<{ readonly issuer: string; readonly server: Server }> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${String(port)}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: 'op-key' };
  const configuration: Configuration = {
    jwks: { keys: [jwk] },
    clients: [
      {
        client_id: 'robot',
        client_secret: 'robot-secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'act',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  };
  const provider = new Provider(issuer, configuration);
  const server = createServer((request, response) => void provider.callback()(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { issuer, server };
}

async function accessTokenOf(issuer: string, resource = API): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: basic('robot', 'robot-secret') },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope: 'act' }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(`the identity provider answered ${JSON.stringify(body)}`);
  return body.access_token;
}

function trustIn(issuer: string, service: TestService): Record<string, unknown> {
  return {
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    issuers: [{ name: 'other', provider: 'oidc', issuer, tenant: 'acme', audiences: [API] }],
    clients: [
      {
        clientId: 'robot-here',
        secretSha256: [createHash('sha256').update(service.secret).digest('hex')],
        presents: { own: [{ issuer: 'other', id: 'robot' }] },
        targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
      },
    ],
    subjects: [{ tenant: 'acme', key: 'robot', kind: 'workload', identities: [{ issuer: 'other', id: 'robot' }] }],
    assignments: [{ tenant: 'acme', principal: 'subject:robot', role: 'viewer' }],
  };
}
