import { spawn } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import http2 from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, isFree } from '#devkit/free-port.js';
import { selfSigned } from '../support/self-signed.js';
import { until } from '../support/until.js';
import { findProgram } from './nginx.js';
import { OpenServers } from './open-servers.js';
import { codesOf, failureOf, pasted } from './probe.js';

/** Lines as they are printed by Debian 12: OpenSSL 3.0 and curl 7.88. */
const PRINTED: readonly (readonly [string, string])[] = [
  [
    '4087CC77377F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:350:',
    'TLS_ON_PLAINTEXT',
  ],
  ['curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number', 'TLS_ON_PLAINTEXT'],
  [
    '40B7E132B37F0000:error:0A000460:SSL routines:ssl3_read_bytes:tlsv1 alert no application protocol:../ssl/record/rec_layer_s3.c:1601:SSL alert number 120',
    'ALPN_NO_H2',
  ],
  ['* ALPN: server accepted http/1.1', 'ALPN_NO_H2'],
  ['New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\nNo ALPN negotiated', 'ALPN_MISSING'],
  ['* ALPN: server did not agree on a protocol. Uses default.', 'ALPN_MISSING'],
  ['verify error:num=18:self-signed certificate', 'TLS_CHAIN'],
  ['verify error:num=20:unable to get local issuer certificate', 'TLS_CHAIN'],
  ['verify error:num=10:certificate has expired', 'TLS_EXPIRED'],
  ['verify error:num=9:certificate is not yet valid', 'TLS_NOT_YET_VALID'],
  ['verify error:num=62:hostname mismatch', 'TLS_NAME'],
  ['curl: (60) SSL certificate problem: self-signed certificate', 'TLS_CHAIN'],
  ["curl: (60) SSL: no alternative certificate subject name matches target host name 'nope.example'", 'TLS_NAME'],
  ['connect:errno=111', 'REFUSED'],
  ["curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server", 'REFUSED'],
  ['curl: (6) Could not resolve host: nothing.invalid', 'DNS'],
  ['write:errno=104', 'CONNECTION_RESET'],
  ['curl: (35) Recv failure: Connection reset by peer', 'CONNECTION_RESET'],
  ['curl: (28) Failed to connect to 203.0.113.1 port 443 after 5001 ms: Connection timed out', 'CONNECTION_TIMED_OUT'],
];

describe('What OpenSSL and curl print', () => {
  it.each(PRINTED)('%s', (line, code) => {
    expect(pasted(line)[0]).toBe(code);
  });
});

const OPENSSL = findProgram('openssl') ?? '';
const CURL = findProgram('curl') ?? '';
const missing = [OPENSSL === '' ? 'openssl' : '', CURL === '' ? 'curl' : ''].filter((name) => name !== '');
const describeWithTools = missing.length === 0 ? describe : describe.skip;
const reason = missing.length === 0 ? '' : ` (skipped: not installed: ${missing.join(', ')})`;

describeWithTools(`What OpenSSL and curl print of real servers${reason}`, () => {
  const servers = new OpenServers();
  const known = selfSigned();
  const pair = { key: known.privateKey, cert: known.certificate };
  const folder = mkdtempSync(join(tmpdir(), 'countersign-tools-'));
  const root = join(folder, 'root');
  const key = join(folder, 'key');
  beforeAll(() => {
    writeFileSync(root, known.certificate);
    writeFileSync(key, known.privateKey, { mode: 0o600 });
  });
  afterAll(async () => {
    await servers.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Everything that it prints. */
  const run = (program: string, ...parts: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(program, parts, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 10_000 });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          printed += chunk.toString();
        });
      child.on('error', reject).on('close', () => resolve(printed));
    });
  const openssl = async (server: Server | string, ...more: readonly string[]): Promise<string | undefined> => {
    const target = typeof server === 'string' ? server : await servers.listen(server);
    return pasted(await run(OPENSSL, 's_client', '-connect', target, '-alpn', 'h2', '-verify_return_error', ...more))[0];
  };
  const curl = async (url: string, ...more: readonly string[]): Promise<string | undefined> =>
    pasted(await run(CURL, '-sSv', '--noproxy', '*', '--max-time', '5', ...more, url))[0];
  const trusting = ['-CAfile', root];

  it('s_client', async () => {
    const reset = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.resetAndDestroy());
    });
    const silentTls = createTlsServer(pair, (socket) => socket.on('error', () => undefined).end());
    const h2 = await servers.listen(http2.createSecureServer(pair));
    expect(await openssl(createHttpServer())).toBe('TLS_ON_PLAINTEXT');
    expect(await openssl(createHttpsServer(pair), ...trusting)).toBe('ALPN_NO_H2');
    expect(await openssl(silentTls, ...trusting)).toBe('ALPN_MISSING');
    expect(await openssl(h2)).toBe('TLS_CHAIN');
    expect(await openssl(h2, ...trusting, '-verify_hostname', 'other.example')).toBe('TLS_NAME');
    expect(await openssl(reset)).toBe('CONNECTION_RESET');
    expect(await openssl('127.0.0.1:1')).toBe('REFUSED');
    expect(await openssl(h2, ...trusting)).toMatch(/^unknown: /);
  });

  it('curl', async () => {
    const port = (at: string): string => at.slice(at.indexOf(':') + 1);
    const plain = await servers.listen(createHttpServer((_request, response) => response.end('hello')));
    const h1 = await servers.listen(createHttpsServer(pair, (_request, response) => response.end('hello')));
    expect(await curl(`https://${plain}`)).toBe('TLS_ON_PLAINTEXT');
    expect(await curl(`https://localhost:${port(h1)}`)).toBe('TLS_CHAIN');
    expect(await curl(`https://localhost:${port(h1)}`, '--cacert', root)).toBe('ALPN_NO_H2');
    const named = `other.example:${port(h1)}`;
    expect(await curl(`https://${named}`, '--cacert', root, '--resolve', `${named}:127.0.0.1`)).toBe('TLS_NAME');
    expect(await curl('http://127.0.0.1:1')).toBe('REFUSED');
    expect(await curl('http://nothing.invalid')).toBe('DNS');
  });

  it('a Node client at a server of OpenSSL that does not know who signed its certificate', async () => {
    const open = await freePort();
    const server = spawn(
      OPENSSL,
      [
        's_server',
        '-accept',
        `127.0.0.1:${open}`,
        '-cert',
        root,
        '-key',
        key,
        '-alpn',
        'h2',
        '-Verify',
        '1',
        '-verify_return_error',
        '-CAfile',
        root,
        '-quiet',
      ],
      { stdio: ['pipe', 'ignore', 'ignore'] },
    );
    try {
      await until('the server of OpenSSL listens', async () => !(await isFree(open)));
      const other = selfSigned();
      const stranger = credentials.createSsl(
        Buffer.from(known.certificate),
        Buffer.from(other.privateKey),
        Buffer.from(other.certificate),
      );
      expect(codesOf(await failureOf({ target: `127.0.0.1:${open}`, credentials: stranger }))).toEqual([
        'TLS_CLIENT_CERTIFICATE_REFUSED',
      ]);
    } finally {
      server.kill('SIGKILL');
    }
  });
});
