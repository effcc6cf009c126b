import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { CountersignError } from '#clients/sdk/countersign-error.js';
import { countersignErrorOf } from '#clients/sdk/caller/grpc/status-error.js';
import { createTokenSource, type TokenSource, type TokenSourceOptions } from '#clients/sdk/caller/token-source.js';
import { createVerifier } from '#clients/sdk/verifier.js';
import type { Host } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { TcpProxy } from '#devkit/tcp-proxy/tcp-proxy.js';
import { AuthServiceClient, ExchangeTokenRequest } from '#protos/generated/countersign/auth/v1/auth.js';
import { basic } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { ORDERS_CLIENT_ID, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

describeOnPostgres('A program that asks the service for tokens', (open) => {
  let service: TestService;
  let second: Host;
  let network: TcpProxy;
  let throughNetwork: string;
  const sources: TokenSource[] = [];
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const key = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' };
    await service.apply({
      apiVersion: 'countersign/v1',
      issuers: sampleDocument(service.identityProvider.cloud, '0'.repeat(64))['issuers'],
      clients: [
        {
          clientId: 'keyed',
          authentication: { methods: ['private_key_jwt'], keys: [key] },
          presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
          targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
        },
      ],
    });
    second = await service.another();
    const { hostname: host, port } = new URL(service.host.httpUrl);
    network = new TcpProxy({ target: { host, port: Number(port) } });
    const address = await network.start();
    throughNetwork = `http://${address.host}:${address.port}/oauth2/token`;
  }, 120_000);
  afterEach(() => {
    for (const source of sources.splice(0)) source.close();
  });
  afterAll(async () => {
    await network.stop();
    await service.stop();
  });

  const sourceFor = (more: Partial<TokenSourceOptions> = {}): TokenSource => {
    const client = { clientId: PORTAL_CLIENT_ID, secret: service.secret };
    const source = createTokenSource({ issuer: service.settings.issuer, audience: SAMPLE_AUDIENCE, client, ...more });
    sources.push(source);
    return source;
  };
  const alice = (lifetimeSeconds = 3_600): string => service.identityProvider.issue({ persona: 'alice', lifetimeSeconds });
  const errorOf = (promise: Promise<unknown>): Promise<CountersignError> =>
    promise.then(
      () => Promise.reject(new Error('there was a token')),
      (error: unknown) => error as CountersignError,
    );

  it('gets by its secret what a service can verify, once for many calls', async () => {
    const source = sourceFor();
    const subjectToken = alice();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => source.token({ subjectToken })));
    expect(new Set(tokens).size).toBe(1);
    expect(await source.token({ subjectToken, scope: 'billing:invoice:read' })).toMatchObject({ scope: 'billing:invoice:read' });
    const verifier = createVerifier({ issuer: service.settings.issuer, audience: SAMPLE_AUDIENCE });
    const [token] = tokens;
    expect(await verifier.verify(token?.value ?? '')).toMatchObject({ clientId: PORTAL_CLIENT_ID, act: null });
    verifier.close();
  });

  it('gets by its key, at two replicas, one token after the other', async () => {
    const client = { clientId: 'keyed', key: { privateKey: pair.privateKey, keyId: 'k1' } };
    const endpoints = [service.host, second].map(({ httpUrl }) => `${httpUrl}/oauth2/token`);
    const replicas = endpoints.map((tokenEndpoint) => sourceFor({ client, tokenEndpoint }));
    const asked = Array.from({ length: 20 }, (_each, number) => replicas[number % 2]!.token({ subjectToken: alice() }));
    for (const { value } of await Promise.all(asked)) expect(decodeJwt(value)['client_id']).toBe('keyed');
  });

  it('acts for the subject where it is called with a token', async () => {
    const source = sourceFor({ client: { clientId: ORDERS_CLIENT_ID, secret: service.secret } });
    const { value } = await source.token({ subjectToken: alice() });
    expect(decodeJwt(value)).toMatchObject({ act: { sub: expect.stringMatching(/^c_/) }, permissions: ['billing:invoice:read'] });
  });

  it.each([
    ['another secret', 'CLIENT_UNAUTHENTICATED', () => ({ client: { clientId: PORTAL_CLIENT_ID, secret: 'cs_other' } })],
    ['an audience that is none', 'TARGET_UNKNOWN', () => ({ audience: 'https://nowhere.example' })],
    ['a scope that is none', 'SCOPE_UNKNOWN', () => ({ scope: 'nothing:of:this' })],
  ])('is told of %s: %s', async (_what, reason, more) => {
    const error = await errorOf(sourceFor(more()).token({ subjectToken: alice() }));
    expect(error).toMatchObject({ name: 'CountersignError', reason, retryable: false, saidBy: 'service' });
    expect(error.helpUrl).toBe(`${service.settings.issuer}/docs/errors/${reason}.md`);
    expect(error.diagnosticId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads the same refusal over gRPC', async () => {
    const client = new AuthServiceClient(service.host.grpcAddress, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', basic(PORTAL_CLIENT_ID, 'cs_other'));
    const request = ExchangeTokenRequest.fromPartial({ subjectToken: alice(), audience: [SAMPLE_AUDIENCE] });
    const error = await new Promise<ServiceError | null>((resolve) => client.exchangeToken(request, metadata, resolve));
    client.close();
    const told = countersignErrorOf(error!);
    expect(told).toMatchObject({ reason: 'CLIENT_UNAUTHENTICATED', retryable: false, saidBy: 'service' });
    expect(told.diagnosticId).toMatch(/^[0-9a-f-]{36}$/);
  });

  describe('while the service cannot be reached', () => {
    afterEach(() => {
      network.heal();
    });

    it('has the tokens that it has, and is told that the others may come later', async () => {
      const source = sourceFor({ tokenEndpoint: throughNetwork });
      const subjectToken = alice();
      const token = await source.token({ subjectToken });
      network.cut();
      expect(await source.token({ subjectToken })).toBe(token);
      const error = await errorOf(source.token({ subjectToken: alice() }));
      expect(error).toMatchObject({ reason: 'TOKEN_ENDPOINT_UNREACHABLE', retryable: true, saidBy: 'transport' });
      network.heal();
      expect((await source.token({ subjectToken: alice() })).value).not.toBe(token.value);
    });

    it('waits no longer than its call', async () => {
      const source = sourceFor({ tokenEndpoint: throughNetwork });
      network.set({ blackhole: true });
      const subjectToken = alice();
      const leaving = errorOf(source.token({ subjectToken, deadlineMs: 100 }));
      expect(await leaving).toMatchObject({ reason: 'TOKEN_DEADLINE_EXCEEDED', retryable: true });
    });

    it('tries again where an answer is lost on its way', async () => {
      let asked = 0;
      const lossy = createServer((request, response) => {
        void (async () => {
          const { authorization = '', 'content-type': type = '' } = request.headers;
          const headers = { authorization, 'content-type': type };
          const body = await text(request);
          const answer = await fetch(`${service.host.httpUrl}/oauth2/token`, { method: 'POST', headers, body });
          asked += 1;
          if (asked === 1) response.destroy();
          else response.setHeader('content-type', 'application/json').end(await answer.text());
        })();
      });
      await new Promise<void>((resolve) => lossy.listen(0, '127.0.0.1', resolve));
      const { port } = lossy.address() as AddressInfo;
      const source = sourceFor({ tokenEndpoint: `http://127.0.0.1:${port}/oauth2/token` });
      expect(decodeJwt((await source.token({ subjectToken: alice() })).value)['aud']).toBe(SAMPLE_AUDIENCE);
      expect(asked).toBe(2);
      lossy.close().closeAllConnections();
    });
  });
});
