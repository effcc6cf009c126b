import { createHash } from 'node:crypto';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { DiagnosticsServiceClient, type EchoResponse } from '#protos/generated/countersign/diagnostics/v1/diagnostics.js';
import { type GetJwksResponse, KeyServiceClient, type WatchKeysResponse } from '#protos/generated/countersign/keys/v1/keys.js';
import { Help } from '#protos/generated/google/rpc/error_details.js';
import { Status } from '#protos/generated/google/rpc/status.js';
import { basic, exchangeForm, failureOf, type GrpcFailure, post } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../support/service.js';
import { until } from '../support/until.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000002', transport: 'cli' } as const;

/** An open stream of key changes, and what came over it. */
interface Watch {
  readonly messages: WatchKeysResponse[];
  /** The first message. */
  readonly told: Promise<'told'>;
  readonly ended: Promise<GrpcFailure | 'OK'>;
  cancel(): void;
}

describeOnPostgres('Over gRPC', (open) => {
  let service: TestService;
  let keys: KeyServiceClient;
  let echoes: DiagnosticsServiceClient;
  let metadata: Metadata;
  beforeAll(async () => {
    service = await startService({
      database: (await open()).settings,
      settings: {
        grpcConnections: {
          keepaliveSeconds: 60,
          keepaliveTimeoutSeconds: 20,
          maxAgeSeconds: null,
          maxAgeGraceSeconds: 30,
          maxStreams: 100,
          keyWatchers: 8,
        },
      },
    });
    keys = new KeyServiceClient(service.host.grpcAddress, credentials.createInsecure());
    echoes = new DiagnosticsServiceClient(service.host.grpcAddress, credentials.createInsecure());
    const olga = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
    await service.host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator: olga });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    const sample = sampleDocument(service.identityProvider.cloud, digest) as { readonly clients: readonly object[] };
    const operators = {
      clientId: 'ops-cli',
      secretSha256: [digest],
      presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
      targets: [{ audience: 'countersign', scopes: ['countersign:**'] }],
    };
    await service.apply({ ...sample, clients: [...sample.clients, operators] });
    metadata = new Metadata();
    metadata.set('authorization', basic(PORTAL_CLIENT_ID, service.secret));
  }, 60_000);
  afterAll(async () => {
    keys.close();
    echoes.close();
    await service.stop();
  });

  const watch = (client = keys, sent = metadata): Watch => {
    const messages: WatchKeysResponse[] = [];
    const stream = client.watchKeys({}, sent);
    const ended = new Promise<GrpcFailure | 'OK'>((resolve) => {
      stream.on('error', (error) => {
        resolve(failureOf(error as ServiceError));
      });
      stream.on('end', () => {
        resolve('OK');
      });
    });
    const told = new Promise<'told'>((resolve) => {
      stream.on('data', (message: WatchKeysResponse) => {
        messages.push(message);
        resolve('told');
      });
    });
    return {
      messages,
      told,
      ended,
      cancel: () => {
        stream.cancel();
      },
    };
  };
  const rotate = async (): Promise<void> => {
    const form = exchangeForm(service.identityProvider.issue({ persona: 'alice' }), {
      audience: 'countersign',
      tenant: 'platform',
    });
    const { body } = await post(service.host, form, { authorization: basic('ops-cli', service.secret) });
    const operator = new Metadata();
    operator.set('authorization', `Bearer ${String(body['access_token'])}`);
    await new Promise<void>((resolve, reject) => {
      keys.rotateKeys({ algorithm: '', validateOnly: false }, operator, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  };
  const overHttp = async () => {
    const answer = await fetch(`${service.host.httpUrl}/.well-known/jwks.json`);
    return { body: await answer.text(), etag: answer.headers.get('etag'), cache: answer.headers.get('cache-control') };
  };
  const jwks = (sent = new Metadata()): Promise<GetJwksResponse> =>
    new Promise((resolve, reject) => {
      keys.getJwks({}, sent, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  const echo = (request: { payloadBytes?: number; trailerBytes?: number }, sent = metadata) =>
    new Promise<{ response?: EchoResponse; failure?: GrpcFailure; trailers?: Metadata }>((resolve) => {
      let [response, failure]: [EchoResponse | undefined, GrpcFailure | undefined] = [undefined, undefined];
      const call = echoes.echo(
        { payloadBytes: 0, trailerBytes: 0, ...request },
        sent,
        { deadline: Date.now() + 20_000 },
        (error, answer) => {
          if (error === null) response = answer;
          else failure = failureOf(error);
        },
      );
      call.on('status', (status) => {
        setImmediate(() => {
          resolve({ ...(response && { response }), ...(failure && { failure }), trailers: status.metadata });
        });
      });
    });

  it('the public keys are what they are over HTTP, for anybody', async () => {
    const { keySet } = await jwks();
    const { body, etag, cache } = await overHttp();
    expect([keySet?.jwksJson.toString(), keySet?.etag]).toEqual([body, etag]);
    expect(cache).toBe(`public, max-age=${String(keySet?.maxAgeSeconds)}, stale-if-error=${String(keySet?.staleIfErrorSeconds)}`);
  });

  it('who watches the keys is told the set at once, and a new one when a key is made', async () => {
    const watched = watch();
    await watched.told;
    const { etag, body } = await overHttp();
    expect(watched.messages[0]).toMatchObject({ keySet: { etag }, silenceSeconds: 60 });
    await rotate();
    await until('the new set is told', () => watched.messages.length === 2);
    const now = await overHttp();
    expect(now.body).not.toBe(body);
    expect(watched.messages[1]?.keySet?.jwksJson.toString()).toBe(now.body);
    watched.cancel();
    await watched.ended;
  });

  it('one client has a quarter of the streams, and is told when to come again', async () => {
    const [one, two] = [watch(), watch()];
    await Promise.all([one.told, two.told]);
    expect(await watch().ended).toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'KEY_WATCHERS_FULL', retrySeconds: 30 });
    one.cancel();
    await one.ended;
    let again = watch();
    await until('there is room again', async () => {
      if ((await Promise.race([again.ended, again.told])) === 'told') return true;
      again = watch();
      return false;
    });
    again.cancel();
    two.cancel();
    await Promise.all([again.ended, two.ended]);
  });

  it('nobody watches the keys without credentials', async () => {
    expect(await watch(keys, new Metadata()).ended).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'CLIENT_UNAUTHENTICATED' });
  });

  it('an echo tells names, sizes and canaries, and never a credential', async () => {
    const sent = metadata.clone();
    sent.set('x-countersign-canary-a', 'survived');
    sent.set('x-countersign-canary-b-bin', Buffer.from([1, 2, 3]));
    sent.set('x-secret', 'not for anybody');
    const { response, trailers } = await echo({ payloadBytes: 3, trailerBytes: 700 }, sent);
    expect(response).toMatchObject({
      metadataLeftOut: 0,
      metadataLimitBytes: 32_768,
      payload: Buffer.alloc(3),
      authority: service.host.grpcAddress,
      connection: { tls: false, alpn: '' },
    });
    expect(response?.peerAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(response?.deadline).toBeGreaterThan(response?.receivedAt ?? 0);
    const named = (name: string) => response?.metadata.find((one) => one.name === name);
    expect(named('x-countersign-canary-a')).toMatchObject({ canaries: ['survived'], bytes: 8 });
    expect(named('x-countersign-canary-b-bin')).toMatchObject({ canaries: ['AQID'], bytes: 3 });
    expect(named('x-secret')).toMatchObject({ canaries: [], bytes: 15, sha256Prefix: '' });
    expect(named('authorization')).toMatchObject({ values: 1, sha256Prefix: expect.stringMatching(/^[0-9a-f]{8}$/) });
    const all = JSON.stringify(response);
    expect(all).not.toContain('not for anybody');
    expect(all).not.toContain(String(metadata.get('authorization')[0]).slice(6));
    expect(trailers?.get('x-countersign-canary-trailer')[0]).toHaveLength(700);
  });

  it('a refusal leads to what it means, which anybody may read', async () => {
    const { failure } = await echo({ payloadBytes: -1 });
    const [packed] = failure?.trailers.get('grpc-status-details-bin') ?? [];
    const details = Status.decode(Buffer.from(packed ?? '')).details;
    const [link] = Help.decode(details.find(({ typeUrl }) => typeUrl.endsWith('.Help'))?.value ?? Buffer.alloc(0)).links;
    const page = await fetch(link?.url ?? '');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/markdown; charset=utf-8']);
    expect(await page.text()).toMatch(/^# REQUEST_PARAMETER_INVALID\n/);
    for (const name of ['NONE', 'constructor', '__proto__', '%00'])
      expect((await fetch(`${service.host.httpUrl}/errors/${name}`)).status).toBe(404);
  });

  it('an echo is capped, and only for clients', async () => {
    expect((await echo({ payloadBytes: 16_385 })).failure).toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: ['payload_bytes'],
    });
    expect((await echo({ trailerBytes: -1 })).failure).toMatchObject({ violations: ['trailer_bytes'] });
    expect((await echo({}, new Metadata())).failure).toMatchObject({ code: 'UNAUTHENTICATED' });
    const many = metadata.clone();
    for (let index = 0; index < 110; index += 1) many.set(`x-${String(index)}`, 'v');
    const { response } = await echo({}, many);
    expect([response?.metadata.length, (response?.metadataLeftOut ?? 0) >= 10]).toEqual([100, true]);
    const large = metadata.clone();
    large.set('x-large', 'v'.repeat(33_000));
    const tooLarge = { code: 'RESOURCE_EXHAUSTED', reason: 'REQUEST_HEADERS_TOO_LARGE' };
    expect((await echo({}, large)).failure).toMatchObject(tooLarge);
    expect(await jwks(large).catch((error: unknown) => failureOf(error as ServiceError))).toMatchObject(tooLarge);
  });
});
