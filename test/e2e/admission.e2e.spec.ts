import { afterEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { credentials, Metadata } from '@grpc/grpc-js';
import { AuthServiceClient, ExchangeTokenRequest } from '#protos/generated/countersign/auth/v1/auth.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { until } from '../support/until.js';
import type { LimitSettings } from '#utilities/config/contract.js';

const UNLIMITED: LimitSettings = { concurrentRequests: 256, perClientPerSecond: null, perIssuerPerSecond: null };

describeOnPostgres('A service that is asked for more than it lets through', (open) => {
  let service: TestService;
  afterEach(() => service.stop());

  const start = async (limits: Partial<LimitSettings>): Promise<void> => {
    const { settings: database } = await open();
    service = await startService({ database, settings: { limits: { ...UNLIMITED, ...limits } } });
  };
  const token = (): string => service.identityProvider.issue({ persona: 'alice', version: 2 });
  const exchange = (): ReturnType<typeof post> =>
    post(service.host, exchangeForm(token(), { audience: SAMPLE_AUDIENCE }), {
      authorization: basic(PORTAL_CLIENT_ID, service.secret),
    });
  const exchangeOverGrpc = (): ReturnType<typeof call> =>
    call(service.host, basic(PORTAL_CLIENT_ID, service.secret), {
      subjectToken: token(),
      subjectTokenType: JWT_TYPE,
      audience: [SAMPLE_AUDIENCE],
    });
  it('works on as many at a time as it may, and tells the others when to come again', async () => {
    await start({ concurrentRequests: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, exchange));
    const told = answers.filter((answer) => answer.status === 503);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200, 503]));
    for (const { body, headers } of told) {
      expect(body).toMatchObject({ error: 'temporarily_unavailable', code: 'SERVICE_OVERLOADED' });
      expect(headers.get('retry-after')).toBe('1');
    }
    expect((await exchange()).status).toBe(200);
  });

  it('does the same over gRPC', async () => {
    await start({ concurrentRequests: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, exchangeOverGrpc));
    const codes = new Set(answers.map(({ failure }) => failure?.code ?? 'OK'));
    expect(codes).toEqual(new Set(['OK', 'UNAVAILABLE']));
    expect((await exchangeOverGrpc()).failure).toBeUndefined();
  });

  it('makes room again when a caller hangs up before it has said everything', async () => {
    await start({ concurrentRequests: 1 });
    const { hostname, port } = new URL(service.host.httpUrl);
    const socket = connect(Number(port), hostname);
    socket.write(
      'POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\na=',
    );
    await until('the place is taken', async () => (await exchange()).status === 503);
    socket.destroy();
    await until('the place is free', async () => (await exchange()).status === 200);
  });

  it('makes room again when a caller pipelines requests and breaks off, however its answers queue', async () => {
    await start({ concurrentRequests: 40 });
    const { hostname, port } = new URL(service.host.httpUrl);
    const request =
      'POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\na=b';
    for (let broken = 0; broken < 20; broken += 1) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(request.repeat(50) + request.slice(0, -(broken % 3)));
      await new Promise((resolve) => setTimeout(resolve, broken % 5));
      socket.resetAndDestroy();
    }
    await until('the place is free', async () => (await exchange()).status === 200);
    expect((await exchange()).status).toBe(200);
  });

  it('makes room again when calls are cancelled or run out of time while they are worked on', async () => {
    await start({ concurrentRequests: 1 });
    for (let cancelled = 0; cancelled < 20; cancelled += 1) await cancelledCall(service, token(), cancelled % 6);
    await until('the place is free', async () => (await exchange()).status === 200);
    expect((await exchange()).status).toBe(200);
  });

  it('counts a request under whichever spelling of its path', async () => {
    await start({ concurrentRequests: 1 });
    const { hostname, port } = new URL(service.host.httpUrl);
    const socket = connect(Number(port), hostname);
    socket.write(
      'POST /oauth2/%74oken HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\na=',
    );
    await until('the place is taken', async () => (await exchange()).status === 503);
    socket.destroy();
  });

  it('publishes its keys and tells how it is, however much it has to do', async () => {
    await start({ concurrentRequests: 1 });
    const { hostname, port } = new URL(service.host.httpUrl);
    const socket = connect(Number(port), hostname);
    socket.write(
      'POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\na=',
    );
    await until('the place is taken', async () => (await exchange()).status === 503);
    const asked = ['/.well-known/jwks.json', '/.well-known/countersign-cutoffs.jwt', '/readyz'];
    const told = await Promise.all(asked.map(async (path) => (await fetch(service.host.httpUrl + path)).status));
    expect(told).toEqual([200, 200, 200]);
    socket.destroy();
  });

  it('lets a client make no more than its rate, over both transports together, and leaves other clients alone', async () => {
    await start({ perClientPerSecond: 0.01 });
    expect((await exchange()).status).toBe(200);
    const limited = await exchange();
    expect(limited.status).toBe(429);
    expect(limited.body).toMatchObject({ error: 'temporarily_unavailable', code: 'CLIENT_RATE_LIMITED' });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await exchangeOverGrpc()).failure?.code).toBe('RESOURCE_EXHAUSTED');
    const stranger = await post(service.host, exchangeForm(token()), { authorization: basic('nobody', service.secret) });
    expect(stranger.status).toBe(401);
  });

  it('counts tokens of an issuer once they are valid, and no others', async () => {
    await start({ perIssuerPerSecond: 0.01 });
    const forged = `${token().slice(0, -8)}AAAAAAAA`;
    const refused = await post(service.host, exchangeForm(forged, { audience: SAMPLE_AUDIENCE }), {
      authorization: basic(PORTAL_CLIENT_ID, service.secret),
    });
    expect(refused.body).toMatchObject({ code: 'TOKEN_SIGNATURE_INVALID' });
    expect((await exchange()).status).toBe(200);
    expect((await exchange()).body).toMatchObject({ code: 'ISSUER_RATE_LIMITED' });
  });
});

/** Gives up after so many milliseconds. */
function cancelledCall(service: TestService, subjectToken: string, after: number): Promise<void> {
  const client = new AuthServiceClient(service.host.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', basic(PORTAL_CLIENT_ID, service.secret));
  const request = ExchangeTokenRequest.fromPartial({ subjectToken, subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] });
  return new Promise((resolve) => {
    const call = client.exchangeToken(request, metadata, () => {
      client.close();
      resolve();
    });
    setTimeout(() => {
      call.cancel();
    }, after);
  });
}
