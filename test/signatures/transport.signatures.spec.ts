import { createServer as createHttpServer } from 'node:http';
import http2 from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { type ChannelCredentials, credentials, logVerbosity, Metadata, setLogVerbosity } from '@grpc/grpc-js';
import { afterAll, describe, expect, it } from '@jest/globals';
import { isFree } from '#devkit/free-port.js';
import { authority, certificateOf, selfSigned } from '../support/self-signed.js';
import { answerWell, OpenServers } from './open-servers.js';
import { codesOf, failureOf, pasted, whoSaidNo } from './probe.js';

const known = selfSigned();
const pair = { key: known.privateKey, cert: known.certificate };
const tls = credentials.createSsl(Buffer.from(known.certificate));
const withoutRoot = credentials.createSsl();
const HOUR_MS = 3_600_000;
/** Long enough to connect, and short for what never comes. */
const PATIENCE_MS = 400;

describe('What a Node client sees of', () => {
  const servers = new OpenServers();
  afterAll(() => servers.close());

  const secure = (more: http2.SecureServerOptions = {}): Server => {
    const server = http2.createSecureServer({ ...pair, ...more });
    server.on('stream', answerWell);
    return server;
  };
  const silent = (act: (socket: Socket) => void = () => undefined): Server =>
    createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => act(socket));
    });
  const seen = async (server: Server, by?: ChannelCredentials, options = {}): Promise<readonly string[]> =>
    codesOf(await failureOf({ target: await servers.listen(server), ...(by === undefined ? {} : { credentials: by }), options }));

  it('a server that is as it should be: nothing', async () => {
    expect(await seen(secure(), tls)).toEqual(['OK']);
  });

  it('a TLS client at a plaintext port', async () => {
    expect(await seen(http2.createServer(), tls)).toEqual(['TLS_ON_PLAINTEXT']);
    expect(await seen(createHttpServer(), tls)).toEqual(['TLS_ON_PLAINTEXT']);
  });

  it('a plaintext client at a TLS port', async () => {
    for (const server of [secure(), createHttpsServer(pair)]) {
      const failure = await failureOf({ target: await servers.listen(server) });
      expect(codesOf(failure)[0]).toBe('PLAINTEXT_ON_TLS');
      expect(codesOf({ details: '', ...failure, channel: 'plaintext' })).toEqual(['PLAINTEXT_ON_TLS']);
    }
  });

  it('a TLS port that offers HTTP/1.1 alone', async () => {
    expect(await seen(createHttpsServer(pair), tls)).toEqual(['ALPN_NO_H2']);
  });

  it('a TLS port without ALPN: nothing, and the socket tells', async () => {
    const server = createTlsServer(pair, (socket) => {
      http2
        .performServerHandshake(socket)
        .on('stream', answerWell)
        .on('error', () => undefined);
    });
    const target = await servers.listen(server);
    expect(codesOf(await failureOf({ target, credentials: tls }))).toEqual(['OK']);
    const port = Number(target.slice(target.indexOf(':') + 1));
    const alpn = await new Promise<string | false | null>((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: known.certificate, ALPNProtocols: ['h2'] }, () => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      }).on('error', reject);
    });
    expect(alpn).toBe(false);
    expect(codesOf({ details: '', alpn: alpn ?? false })).toEqual(['ALPN_MISSING']);
  });

  it('a plaintext port that speaks HTTP/1.1 alone', async () => {
    const target = await servers.listen(createHttpServer((_request, response) => response.end('hello')));
    expect(codesOf(await failureOf({ target }))[0]).toBe('H1_LISTENER');
  });

  it('certificates that it cannot trust', async () => {
    const root = authority();
    const leaf = certificateOf({ authority: root });
    const fromRoot = { key: leaf.privateKey, cert: leaf.certificate };
    expect(await seen(secure(), withoutRoot)).toEqual(['TLS_CHAIN']);
    expect(await seen(secure(fromRoot), withoutRoot)).toEqual(['TLS_CHAIN']);
    expect(await seen(secure(fromRoot), credentials.createSsl(Buffer.from(root.certificate)))).toEqual(['OK']);
  });

  it('certificates out of their time', async () => {
    for (const [shift, code] of [
      [-2 * HOUR_MS, 'TLS_EXPIRED'],
      [2 * HOUR_MS, 'TLS_NOT_YET_VALID'],
    ] as const) {
      const made = selfSigned(new Date(Date.now() + shift));
      const server = secure({ key: made.privateKey, cert: made.certificate });
      expect(await seen(server, credentials.createSsl(Buffer.from(made.certificate)))).toEqual([code]);
    }
  });

  it('a certificate for another name', async () => {
    expect(await seen(secure(), tls, { 'grpc.ssl_target_name_override': 'other.example' })).toEqual(['TLS_NAME']);
  });

  it('a server that demands a certificate of the client', async () => {
    const demanding = { requestCert: true, rejectUnauthorized: true, ca: known.certificate };
    expect(await seen(secure(demanding), tls)).toEqual(['TLS_CLIENT_CERTIFICATE_MISSING']);
    // TLS 1.2 has one alert for this and for much else.
    expect(await seen(secure({ ...demanding, maxVersion: 'TLSv1.2' }), tls)).toEqual([
      'TLS_NO_COMMON_SUITE',
      'TLS_CLIENT_CERTIFICATE_MISSING',
    ]);
    const other = selfSigned();
    const stranger = credentials.createSsl(
      Buffer.from(known.certificate),
      Buffer.from(other.privateKey),
      Buffer.from(other.certificate),
    );
    const failure = await failureOf({ target: await servers.listen(secure(demanding)), credentials: stranger });
    expect(codesOf({ details: '', ...failure, channel: 'tls' })).toEqual(['TLS_CLIENT_CERTIFICATE_REFUSED']);
  });

  it('a server with nothing but old or other TLS', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    expect(await seen(secure(old), tls)).toEqual(['TLS_VERSION_REFUSED']);
    // Needs a key that this server does not have.
    const none = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const;
    expect((await seen(secure(none), tls))[0]).toBe('TLS_NO_COMMON_SUITE');
  });

  it('a connection that is ended while it is set up', async () => {
    const reset = (): Server => silent((socket) => socket.resetAndDestroy());
    expect(await seen(reset(), tls)).toEqual(['CONNECTION_RESET']);
    expect(await seen(reset())).toEqual(['CONNECTION_RESET']);
    expect(
      await seen(
        silent((socket) => socket.end()),
        tls,
      ),
    ).toEqual(['CONNECTION_RESET']);
  });

  it('a port where nothing listens', async () => {
    expect(await isFree(1)).toBe(true);
    expect(codesOf(await failureOf({ target: '127.0.0.1:1' }))).toEqual(['REFUSED']);
  });

  it('a name that nobody has', async () => {
    const failure = await failureOf({ target: 'nothing.invalid:443' });
    expect(codesOf(failure)).toEqual(['DNS']);
    expect(whoSaidNo(failure)).toBe('transport');
  });

  it('a port that accepts and says nothing, and a token plug-in that never calls back', async () => {
    const half = await servers.listen(silent());
    const whole = await servers.listen(secure());
    const never = credentials.combineChannelCredentials(
      tls,
      credentials.createFromMetadataGenerator(() => undefined),
    );
    const failures = await Promise.all([
      failureOf({ target: half, deadlineMs: PATIENCE_MS }),
      failureOf({ target: half, credentials: tls, deadlineMs: PATIENCE_MS }),
      failureOf({ target: whole, credentials: never, deadlineMs: PATIENCE_MS }),
    ]);
    expect(failures.map(codesOf)).toEqual([['NEVER_READY'], ['NEVER_READY'], ['NEVER_READY']]);
  });

  it('a handler that is slow', async () => {
    const target = await servers.onStream(() => undefined);
    expect(codesOf(await failureOf({ target, deadlineMs: PATIENCE_MS }))).toEqual(['HANDLER_SLOW', 'IDLE_CONNECTION_LOST']);
  });

  it('a proxy of its environment that does not connect it', async () => {
    const proxy = createHttpServer();
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'));
    const before = process.env['grpc_proxy'];
    process.env['grpc_proxy'] = `http://${await servers.listen(proxy)}`;
    // It prints what it does not tell the call, and goes on after that.
    setLogVerbosity(logVerbosity.NONE);
    try {
      const failure = await failureOf({ target: 'behind.invalid:443', options: { 'grpc.enable_http_proxy': 1 } });
      expect(codesOf(failure)).toEqual(['PROXY_CONNECT_REFUSED']);
    } finally {
      if (before === undefined) delete process.env['grpc_proxy'];
      else process.env['grpc_proxy'] = before;
    }
  });

  describe('its own token', () => {
    const failing = (error: Error): ChannelCredentials =>
      credentials.combineChannelCredentials(
        tls,
        credentials.createFromMetadataGenerator((_options, callback) => callback(error)),
      );

    it('that could not be fetched, whatever code the plug-in gives', async () => {
      const target = await servers.listen(secure());
      const coded = (code: number): Error => Object.assign(new Error('no token'), { code });
      for (const error of [new Error('fetch failed'), coded(5), coded(14), coded(16)]) {
        const failure = await failureOf({ target, credentials: failing(error) });
        expect(codesOf(failure)).toEqual(['CALLER_TOKEN_FETCH']);
        expect(whoSaidNo(failure)).toBe('caller');
      }
    });

    it('that is there twice', async () => {
      const metadata = new Metadata();
      metadata.add('authorization', 'Bearer a');
      metadata.add('authorization', 'Bearer b');
      expect(codesOf(await failureOf({ target: await servers.listen(secure()), credentials: tls, metadata }))).toEqual([
        'CALLER_AUTHORIZATION_TWICE',
      ]);
    });

    it('that ends with a line end', () => {
      let said = '';
      try {
        new Metadata().set('authorization', 'Bearer a\n');
      } catch (error) {
        said = String(error);
      }
      expect(pasted(said)).toEqual(['CALLER_TOKEN_CHARACTERS']);
    });
  });
});
