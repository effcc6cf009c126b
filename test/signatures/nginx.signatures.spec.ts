import { createServer } from 'node:http';
import { credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { selfSigned } from '../support/self-signed.js';
import { findProgram, type Nginx, type NginxServer, startNginx } from './nginx.js';
import { OpenServers } from './open-servers.js';
import { codesOf, failureOf, pasted, whoSaidNo } from './probe.js';

const isInstalled = findProgram('nginx') !== undefined;
const describeOnNginx = isInstalled ? describe : describe.skip;
const reason = isInstalled ? '' : ' (skipped: nginx is not installed)';

const known = selfSigned();
const tls = credentials.createSsl(Buffer.from(known.certificate));
const path = '/example.v1.EchoService/Echo';
const same = (bytes: Buffer): Buffer => bytes;

/** What is tried, by name; UP is a server of gRPC, REST one of HTTP/1.1. */
const CONFIGURED = {
  right: { body: 'location / { grpc_pass grpc://UP; }' },
  stripping: { body: 'location / { grpc_set_header authorization ""; grpc_pass grpc://UP; }' },
  proxyPass: { body: 'location / { proxy_pass http://UP; }' },
  proxyPassToRest: { body: 'location / { proxy_pass http://REST; }' },
  grpcPassToRest: { body: 'location / { grpc_pass grpc://REST; }' },
  grpcPassWithTls: { body: 'location / { grpc_pass grpcs://UP; }' },
  withoutHttp2: { listen: '', body: 'location / { grpc_pass grpc://UP; }' },
  tlsWithoutHttp2: { listen: 'ssl', body: 'location / { grpc_pass grpc://UP; }' },
  tls: { listen: 'ssl http2', body: 'location / { grpc_pass grpc://UP; }' },
  clientCertificate: {
    listen: 'ssl http2',
    body: 'ssl_client_certificate CLIENTS; ssl_verify_client on; location / { grpc_pass grpc://UP; }',
  },
  oldSuite: { listen: 'ssl http2', body: 'ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-SHA; location / { return 204; }' },
  otherName: { listen: 'ssl http2', body: 'ssl_reject_handshake on;' },
  upstreamDown: { body: 'location / { grpc_pass grpc://127.0.0.1:1; }' },
  upstreamSilent: { body: 'grpc_read_timeout 100ms; location / { grpc_pass grpc://SILENT; }' },
  refused: { body: 'location = /auth { internal; return 401; } location / { auth_request /auth; grpc_pass grpc://UP; }' },
  forbidden: { body: 'location = /auth { internal; return 403; } location / { auth_request /auth; grpc_pass grpc://UP; }' },
  login: { body: 'location / { return 302 https://login.example/; }' },
  page: { body: 'location / { default_type text/html; return 200 "<html><body>Sign in</body></html>"; }' },
  noRoute: { body: 'location /other.v1. { grpc_pass grpc://UP; }' },
  smallBodies: { body: 'client_max_body_size 1k; location / { grpc_pass grpc://UP; }' },
  rate: { body: 'limit_req zone=one; limit_req_status 429; location / { grpc_pass grpc://UP; }' },
} as const satisfies Record<string, NginxServer>;
type Name = keyof typeof CONFIGURED;

describeOnNginx(`What a Node client sees of nginx${reason}`, () => {
  const servers = new OpenServers();
  const up = new Server();
  let nginx: Nginx<Name>;
  /** Names of the metadata of the last call that came through. */
  let seenLast: readonly string[] = [];

  beforeAll(async () => {
    const unary = { path, requestStream: false, responseStream: false } as const;
    const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
    up.addService(
      { echo: { ...unary, ...bytes } },
      {
        echo: (call: { readonly metadata: Metadata }, done: (error: null, answer: Buffer) => void) => {
          seenLast = Object.keys(call.metadata.getMap());
          done(null, Buffer.alloc(0));
        },
      },
    );
    const upstream = await new Promise<string>((resolve, reject) => {
      up.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(`127.0.0.1:${port}`);
        else reject(error);
      });
    });
    const rest = await servers.listen(createServer((_request, response) => response.end('hi')));
    const silent = await servers.onStream(() => undefined);
    const filled = (body: string): string => body.replace('UP', upstream).replace('REST', rest).replace('SILENT', silent);
    const entries = Object.entries<NginxServer>(CONFIGURED).map(([name, server]) => [
      name,
      { ...server, body: filled(server.body) },
    ]);
    nginx = await startNginx(Object.fromEntries(entries) as Record<Name, NginxServer>, {
      certificate: known,
      http: 'limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;',
    });
  }, 60_000);
  afterAll(async () => {
    await nginx.stop();
    await servers.close();
    up.forceShutdown();
  });

  it('with grpc_pass: nothing', async () => {
    expect(codesOf(await failureOf({ target: nginx.at.right }))).toEqual(['OK']);
    expect(codesOf(await failureOf({ target: nginx.at.tls, credentials: tls }))).toEqual(['OK']);
  });

  it.each<[string, Name]>([
    ['PROXY_PASS_H1', 'proxyPass'],
    ['TRAILERS_STRIPPED', 'proxyPassToRest'],
    ['HOP_5XX', 'grpcPassToRest'],
    ['HOP_5XX', 'grpcPassWithTls'],
    ['HOP_5XX', 'upstreamDown'],
    ['HOP_5XX', 'upstreamSilent'],
    ['H1_LISTENER', 'withoutHttp2'],
    ['DENIED_BY_HOP', 'refused'],
    ['DENIED_BY_HOP', 'forbidden'],
    ['LOGIN_REDIRECT', 'login'],
    ['HTML_INSTEAD_OF_GRPC', 'page'],
    ['HOP_404', 'noRoute'],
  ])('%s: %s', async (code, name) => {
    expect(codesOf(await failureOf({ target: nginx.at[name] }))[0]).toBe(code);
  });

  it.each<[string, Name]>([
    ['ALPN_NO_H2', 'tlsWithoutHttp2'],
    ['TLS_NO_COMMON_SUITE', 'oldSuite'],
    ['TLS_SNI_UNKNOWN', 'otherName'],
    ['TLS_ON_PLAINTEXT', 'right'],
  ])('%s over TLS: %s', async (code, name) => {
    expect(codesOf(await failureOf({ target: nginx.at[name], credentials: tls }))[0]).toBe(code);
  });

  it('on a TLS port, in plaintext: the page that it answers is read as HTTP/1.1, and TLS is named beside', async () => {
    for (const name of ['tls', 'tlsWithoutHttp2'] as const)
      expect(codesOf(await failureOf({ target: nginx.at[name] }))).toEqual(['H1_LISTENER', 'PLAINTEXT_ON_TLS']);
  });

  it('that wants a certificate of the client', async () => {
    const failure = await failureOf({ target: nginx.at.clientCertificate, credentials: tls });
    expect(codesOf(failure)).toEqual(['HOP_BAD_REQUEST', 'TLS_CLIENT_CERTIFICATE_MISSING', 'TLS_CLIENT_CERTIFICATE_REFUSED']);
    expect(whoSaidNo(failure)).toBe('intermediary');
  });

  it('with a message or a token that is too large for it', async () => {
    expect(codesOf(await failureOf({ target: nginx.at.smallBodies, message: Buffer.alloc(5_000) }))).toEqual(['HOP_LIMIT']);
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${'Aa0-'.repeat(4_000)}`);
    expect(codesOf(await failureOf({ target: nginx.at.right, metadata }))[0]).toBe('TOKEN_TOO_BIG_FOR_HOP');
  });

  it('that lets no more calls through', async () => {
    await failureOf({ target: nginx.at.rate });
    expect(codesOf(await failureOf({ target: nginx.at.rate }))).toEqual(['HOP_RATE_LIMITED']);
  });

  it('that drops metadata: names with _ in silence, and what it is told to', async () => {
    const metadata = new Metadata();
    const sent = ['authorization', 'x-app-role', 'x_app_role'];
    for (const name of sent) metadata.set(name, 'a');
    expect(codesOf(await failureOf({ target: nginx.at.right, metadata }))).toEqual(['OK']);
    const arrived = seenLast;
    expect(codesOf({ details: '', sent, arrived })).toEqual(['HOP_DROPS_METADATA']);
    expect(arrived).toContain('authorization');
    expect(codesOf(await failureOf({ target: nginx.at.stripping, metadata }))).toEqual(['OK']);
    expect(seenLast).not.toContain('authorization');
    expect(codesOf({ details: '', sent: ['authorization'], arrived: seenLast })).toEqual(['HOP_DROPS_METADATA']);
  });

  it('in its own log: the same causes', () => {
    const lines = nginx.log().split('\n');
    const line = (part: string): string => lines.find((each) => each.includes(part)) ?? `no line says ${part}`;
    expect(pasted(line('no valid HTTP'))[0]).toBe('PROXY_PASS_H1');
    expect(pasted(line('too large http2 frame'))[0]).toBe('H1_LISTENER');
    expect(pasted(line('too large header field'))).toContain('TOKEN_TOO_BIG_FOR_HOP');
    expect(pasted(line('Connection refused'))[0]).toBe('REFUSED');
    expect(pasted(line('while SSL handshaking to upstream'))[0]).toBe('TLS_ON_PLAINTEXT');
    expect(pasted(line('no shared cipher'))[0]).toBe('TLS_NO_COMMON_SUITE');
    expect(pasted(line('handshake rejected'))[0]).toBe('TLS_SNI_UNKNOWN');
    expect(pasted(line('no required SSL certificate'))[0]).toBe('TLS_CLIENT_CERTIFICATE_MISSING');
    expect(pasted(line('limiting requests'))[0]).toBe('HOP_RATE_LIMITED');
    expect(pasted(line('too large chunked body'))[0]).toBe('HOP_LIMIT');
    expect(pasted(line('no application protocol'))[0]).toBe('ALPN_NO_H2');
  });
});
