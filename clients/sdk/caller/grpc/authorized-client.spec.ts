import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallOptions,
  type ClientOptions,
  credentials,
  InterceptingCall,
  Metadata,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { selfSigned } from '../../../../test/support/self-signed.js';
import { issued, ManualCaller, OPTIONS, refused } from '../fixtures/manual.caller.js';
import { createTokenSource, type TokenSource } from '../token-source.js';
import { createAuthorizedClient, onBehalfOf } from './authorized-client.js';
import { type Greeter, GreeterClient, GreeterServer } from './fixtures/greeter.js';
import { countersignErrorOf } from './status-error.js';

const tls = selfSigned();
const secure = credentials.createSsl(Buffer.from(tls.certificate));
let server: GreeterServer;
let port: number;
let caller: ManualCaller;
let source: TokenSource;
let client: Greeter & { close(): void };

const connect = (more: Partial<Parameters<typeof createAuthorizedClient>[1]> = {}): typeof client =>
  createAuthorizedClient(GreeterClient, {
    target: `localhost:${port}`,
    credentials: secure,
    source,
    ...more,
  }) as unknown as typeof client;

beforeAll(async () => {
  server = new GreeterServer();
  const pair = { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.privateKey) };
  port = await server.open(ServerCredentials.createSsl(null, [pair]));
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  server.heard.length = 0;
  server.refuse = () => null;
  caller = new ManualCaller();
  source = createTokenSource(OPTIONS, caller);
  client = connect();
});
afterEach(() => {
  client.close();
  source.close();
});

const alice = onBehalfOf('token-of-alice');
const say = (options: CallOptions = alice, metadata = new Metadata()): Promise<string> =>
  new Promise((resolve, reject) => {
    client.say('hello', metadata, options, (error, answer) => {
      if (error === null) resolve(answer ?? '');
      else reject(error);
    });
  });
const failureOf = async (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => Promise.reject(new Error('it was answered')),
    (error: unknown) => error as ServiceError,
  );

describe('A call', () => {
  it('carries a token of its subject, and one exchange serves many', async () => {
    expect(await say()).toBe('hello');
    expect(await say()).toBe('hello');
    expect(await say(onBehalfOf('token-of-bob'))).toBe('hello');
    expect(server.heard).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
  });

  it('of every kind carries it', async () => {
    const texts: string[] = [];
    for await (const text of client.repeat('again', new Metadata(), alice)) texts.push(text);
    expect(texts).toEqual(['again', 'again', 'again']);
    const chat = client.chat(new Metadata(), alice);
    for (const text of ['one', 'two', 'three']) chat.write(text);
    chat.end();
    for await (const text of chat) texts.push(text as string);
    expect(texts.slice(3)).toEqual(['one', 'two', 'three']);
    expect(server.heard).toEqual(['Bearer token-1', 'Bearer token-1']);
  });

  it('that names no subject is not made', async () => {
    const error = await failureOf(say({}));
    expect([error.code, error.details]).toEqual([status.UNAUTHENTICATED, 'name the subjectToken of the call']);
    expect(server.heard).toEqual([]);
  });

  it('with an authorization of its own is not made', () => {
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer other');
    expect(() => client.say('hello', metadata, alice, () => undefined)).toThrow(TypeError);
  });

  it('shows its token to no interceptor of the program', async () => {
    const seen: string[] = [];
    client.close();
    const options: ClientOptions = {
      interceptors: [
        (its, next) =>
          new InterceptingCall(next(its), {
            start: (metadata, listener, go) => {
              seen.push(...metadata.get('authorization').map(String));
              go(metadata, listener);
            },
          }),
      ],
    };
    client = connect({ options });
    expect(await say()).toBe('hello');
    expect(seen).toEqual([]);
    expect(server.heard).toEqual(['Bearer token-1']);
  });
});

describe('Where there is no token', () => {
  it.each([
    ['TOKEN_REVOKED', 400, status.UNAUTHENTICATED, false],
    ['CLIENT_UNAUTHENTICATED', 401, status.UNAUTHENTICATED, false],
    ['PERMISSION_NONE', 400, status.PERMISSION_DENIED, false],
    ['TARGET_NOT_ALLOWED', 400, status.PERMISSION_DENIED, false],
    ['REQUEST_PARAMETER_INVALID', 400, status.PERMISSION_DENIED, false],
    ['SERVICE_OVERLOADED', 503, status.UNAVAILABLE, true],
    ['CLIENT_RATE_LIMITED', 429, status.UNAVAILABLE, true],
  ])('because of %s (%i), the call fails with one of three codes and is not made', async (code, http, grpc, retryable) => {
    caller.answer = () => refused(code, http, '30');
    const error = await failureOf(say());
    expect([status[error.code], error.details]).toEqual([status[grpc], `${code}: it is ${code}`]);
    expect(countersignErrorOf(error)).toMatchObject({ reason: code, retryable, diagnosticId: 'diagnostic-1', saidBy: 'service' });
    expect(server.heard).toEqual([]);
  });

  it('by the deadline of the call, it fails then', async () => {
    caller.answer = () => new Promise(() => undefined);
    const error = failureOf(say({ ...alice, deadline: Date.now() + 1_000 }));
    await caller.pass(1.1);
    expect(countersignErrorOf(await error)).toMatchObject({ reason: 'TOKEN_DEADLINE_EXCEEDED', retryable: true });
  });

  it('and the program calls off, it is over at once, and the others go on', async () => {
    let answer: () => void = () => undefined;
    caller.answer = () =>
      new Promise(
        (resolve) =>
          (answer = () => {
            resolve(issued('late'));
          }),
      );
    const other = say();
    const left = failureOf(
      new Promise((_resolve, reject) => {
        const call = client.say('hello', new Metadata(), alice, reject);
        setImmediate(() => {
          call.cancel();
        });
      }),
    );
    expect((await left).code).toBe(status.CANCELLED);
    answer();
    expect(await other).toBe('hello');
    expect(server.heard).toEqual(['Bearer late']);
  });
});

it('A call that is called off at once is not made, though there is a token', async () => {
  await say();
  const left = failureOf(
    new Promise((_resolve, reject) => {
      client.say('hello', new Metadata(), alice, reject).cancel();
    }),
  );
  expect((await left).code).toBe(status.CANCELLED);
  expect(server.heard).toEqual(['Bearer token-1']);
});

describe('A token that is refused', () => {
  const stale = { code: status.UNAUTHENTICATED, details: 'no' };

  it('is replaced, and a unary call made once more', async () => {
    await say();
    await caller.pass(31);
    server.refuse = (authorization) => (authorization === 'Bearer token-1' ? stale : null);
    expect(await say()).toBe('hello');
    expect(server.heard).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
  });

  it('again is told', async () => {
    await say();
    await caller.pass(31);
    server.refuse = () => {
      // However slow it is to say no.
      caller.steady += 31_000;
      return stale;
    };
    expect(await failureOf(say())).toMatchObject(stale);
    expect(server.heard).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
  });

  it('within 30 s is told at once, so that a server cannot make the program ask for tokens', async () => {
    server.refuse = () => stale;
    for (let call = 0; call < 10; call += 1) expect(await failureOf(say())).toMatchObject(stale);
    expect(server.heard).toHaveLength(10);
    expect(caller.asked).toHaveLength(1);
  });

  it('for another reason is kept', async () => {
    await say();
    await caller.pass(31);
    server.refuse = () => ({ code: status.PERMISSION_DENIED, details: 'no' });
    expect(await failureOf(say())).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(caller.asked).toHaveLength(1);
  });

  it('on a stream is told, and the stream not begun again', async () => {
    await say();
    await caller.pass(31);
    server.refuse = () => stale;
    const error = await failureOf(
      (async () => {
        for await (const text of client.repeat('again', new Metadata(), alice)) expect(text).toBe('nothing');
      })(),
    );
    expect(error).toMatchObject(stale);
    expect(server.heard).toHaveLength(2);
  });

  it('leaves headers, answer and trailers of the call that is answered as they were', async () => {
    await say();
    await caller.pass(31);
    server.refuse = (authorization) => (authorization === 'Bearer token-1' ? stale : null);
    const told = await new Promise<string[]>((resolve, reject) => {
      const events: string[] = [];
      const call = client.say('hello', new Metadata(), alice, (error, answer) => {
        if (error !== null) reject(error);
        events.push(`answer ${answer ?? ''}`);
      }) as ReturnType<Greeter['say']> & NodeJS.EventEmitter;
      call.on('metadata', () => events.push('metadata'));
      call.on('status', () => {
        events.push('status');
        resolve(events);
      });
    });
    expect(told).toEqual(['metadata', 'answer hello', 'status']);
  });
});
