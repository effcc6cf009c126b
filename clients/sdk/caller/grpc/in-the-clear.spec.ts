import { afterEach, describe, expect, it } from '@jest/globals';
import { credentials, Metadata } from '@grpc/grpc-js';
import { ManualCaller, OPTIONS } from '../fixtures/manual.caller.js';
import { createTokenSource } from '../token-source.js';
import { type AuthorizedClientOptions, createAuthorizedClient, onBehalfOf } from './authorized-client.js';
import { type Greeter, GreeterClient, GreeterServer, wiretap } from './fixtures/greeter.js';

const source = createTokenSource(OPTIONS, new ManualCaller());
const insecure = credentials.createInsecure();
const make = (target: string, more: Partial<AuthorizedClientOptions> = {}) =>
  createAuthorizedClient(GreeterClient, { target, credentials: insecure, source, ...more });
const say = (client: ReturnType<typeof make>): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = onBehalfOf('token-of-alice', { deadline: Date.now() + 2_000 });
    (client as unknown as Greeter).say('hello', new Metadata(), options, (error, answer) => {
      if (error === null) resolve(answer ?? '');
      else reject(error);
    });
  });

describe('A token', () => {
  afterEach(() => {
    for (const name of ['http_proxy', 'grpc_proxy']) Reflect.deleteProperty(process.env, name);
  });

  it('goes over no channel without TLS', () => {
    expect(() => make('127.0.0.1:1')).toThrow('in the clear');
    expect(() => make('billing.acme.example:80')).toThrow('in the clear');
  });

  it.each([
    'billing.acme.example:80',
    '10.0.0.1:80',
    'localhost.acme.example:80',
    'localhost@acme.example:80',
    '127.0.0.1.acme.example:80',
    'dns:///localhost:80',
    'dns://8.8.8.8/localhost:80',
    '[::1%eth0]:80',
    '0.0.0.0:80',
    '127.0.0.1',
    ' unix:/tmp/socket',
    'localhost:80/acme.example',
  ])('goes in the clear nowhere but to this machine, whatever is said: %s', (target) => {
    expect(() => make(target, { plaintext: 'loopback' })).toThrow('in the clear');
  });

  it.each(['127.0.0.1:80', '[::1]:80', 'localhost:80', 'unix:/run/sidecar.sock'])('goes to %s where it is said', (target) => {
    make(target, { plaintext: 'loopback' }).close();
  });

  it('is not handed to a proxy of the environment', async () => {
    const tap = await wiretap();
    const server = new GreeterServer();
    const port = await server.open();
    process.env['grpc_proxy'] = `http://127.0.0.1:${tap.port}`;
    process.env['http_proxy'] = `http://127.0.0.1:${tap.port}`;
    const client = make(`localhost:${port}`, {
      plaintext: 'loopback',
      options: { 'grpc.enable_http_proxy': 1 },
    });
    expect(await say(client)).toBe('hello');
    expect(tap.heard()).toBe('');
    client.close();
    server.close();
    tap.server.close();
  });

  it('is said to go in the clear only where it does', () => {
    expect(() => make('localhost:1', { credentials: credentials.createSsl(), plaintext: 'loopback' })).toThrow(TypeError);
  });

  it.each(['channelOverride', 'channelFactoryOverride', 'callInvocationTransformer', 'interceptor_providers'])(
    'cannot be led past by %s',
    (name) => {
      expect(() => make('localhost:1', { credentials: credentials.createSsl(), options: { [name]: () => undefined } })).toThrow(
        name,
      );
    },
  );
});
