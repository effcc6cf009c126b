import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { authority, certificateOf } from '../../../test/support/self-signed.js';
import { clientProofs, type ClientCredentials } from './client-credentials.js';
import { httpPost } from './http-post.js';
import { issued, ISSUER, ManualCaller, OPTIONS } from './fixtures/manual.caller.js';
import { createTokenSource } from './token-source.js';

const NOW = 1_790_000_000;
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
let folder: string;
const file = (name: string): string => join(folder, name);
const formOf = async (more: Partial<ClientCredentials>): Promise<Readonly<Record<string, string>>> =>
  (await clientProofs({ clientId: 'orders', ...more }, ISSUER)(NOW)).form;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-caller-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('An assertion', () => {
  const pairs: readonly [string, () => { privateKey: KeyObject; publicKey: KeyObject }, object][] = [
    ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), {}],
    ['Ed25519', () => generateKeyPairSync('ed25519'), {}],
    ['PS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), {}],
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), { algorithm: 'RS256' }],
  ];

  it.each(pairs)('of %s is what the service takes, by whatever form of the key', async (algorithm, pair, more) => {
    const { privateKey, publicKey } = pair();
    const forms = [
      privateKey,
      privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
      privateKey.export({ format: 'jwk' }),
    ];
    const ids = new Set<unknown>();
    for (const form of forms) {
      const proof = await formOf({ key: { privateKey: form, keyId: 'k1', ...more } });
      expect(proof).toMatchObject({ client_id: 'orders', client_assertion_type: JWT_BEARER });
      const options = { issuer: 'orders', subject: 'orders', audience: ISSUER, currentDate: new Date(NOW * 1_000) };
      const { payload } = await jwtVerify(proof['client_assertion'] ?? '', publicKey, { ...options, algorithms: [algorithm] });
      expect([payload.iat, payload.exp, typeof payload.aud]).toEqual([NOW, NOW + 60, 'string']);
      expect(decodeProtectedHeader(proof['client_assertion'] ?? '')).toEqual({ alg: algorithm, kid: 'k1', typ: 'JWT' });
      ids.add(payload.jti);
    }
    expect(ids.size).toBe(3);
  });

  it('is made anew for each attempt', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const caller = new ManualCaller();
    caller.answer = (_body, number) => (number === 1 ? Promise.reject(new Error('down')) : issued('x'));
    const token = createTokenSource({ ...OPTIONS, client: { clientId: 'orders', key: { privateKey } } }, caller).token({
      subjectToken: 's',
    });
    await caller.pass(1);
    await token;
    const [first, second] = caller.asked.map(({ body }) => new URLSearchParams(body).get('client_assertion'));
    expect(first).not.toBe(second);
  });

  it.each([
    ['a public key', () => createPublicKey(generateKeyPairSync('ed25519').privateKey)],
    ['an RSA key of 1024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['X25519', () => generateKeyPairSync('x25519').privateKey],
    ['text', () => '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----'],
  ])('is never made by %s, and the error does not quote it', (_what, privateKey) => {
    const make = () => clientProofs({ clientId: 'orders', key: { privateKey: privateKey() } }, ISSUER);
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow('secret');
  });

  it('of another algorithm than the key is for is never made', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(() => clientProofs({ clientId: 'orders', key: { privateKey, algorithm: 'RS256' } }, ISSUER)).toThrow(TypeError);
  });
});

describe('A file', () => {
  it('of a secret or a token of the platform is read again each time, without its line break', async () => {
    const assertionFile = file('token');
    writeFileSync(assertionFile, 'first\n');
    const proofs = clientProofs({ clientId: 'orders', assertionFile }, ISSUER);
    expect((await proofs(NOW)).form).toMatchObject({ client_id: 'orders', client_assertion: 'first' });
    writeFileSync(assertionFile, 'second\n');
    expect((await proofs(NOW)).form).toMatchObject({ client_assertion: 'second' });
    const { headers } = await clientProofs({ clientId: 'orders', secretFile: assertionFile }, ISSUER)(NOW);
    expect(headers['authorization']).toBe(`Basic ${Buffer.from('orders:second').toString('base64')}`);
  });

  it('that is not there, or empty, is nothing against anybody', async () => {
    writeFileSync(file('empty'), '\n');
    for (const assertionFile of [file('none'), file('empty')])
      await expect(formOf({ assertionFile })).rejects.toMatchObject({ reason: 'CLIENT_PROOF_UNAVAILABLE', retryable: true });
  });
});

describe('A certificate', () => {
  const ca = authority();
  const ofServer = certificateOf({ authority: ca });
  let server: Server;
  let url: URL;
  const shown: (string | undefined)[] = [];

  beforeAll(async () => {
    const tls = { cert: ofServer.certificate, key: ofServer.privateKey, ca: ca.certificate };
    server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      shown.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      request.resume();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: 'bound', token_type: 'Bearer', expires_in: 600 }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => {
    server.close().closeAllConnections();
  });

  it('is shown, renewed under a running process, and kept while its files do not fit', async () => {
    const show = (name: string, parts: readonly ('cert' | 'key')[] = ['cert', 'key']): void => {
      const made = certificateOf({ name, authority: ca });
      if (parts.includes('cert')) writeFileSync(file('cert'), made.certificate);
      if (parts.includes('key')) writeFileSync(file('key'), made.privateKey);
    };
    writeFileSync(file('ca'), ca.certificate);
    show('first');
    const caller = Object.assign(new ManualCaller(), { post: httpPost });
    const tls = { caFile: file('ca'), certFile: file('cert'), keyFile: file('key') };
    const source = createTokenSource({ ...OPTIONS, issuer: url.origin, client: { clientId: 'orders', tls } }, caller);
    let subject = 0;
    const exchange = async (): Promise<string> => (await source.token({ subjectToken: `s-${(subject += 1)}` })).value;
    expect(await exchange()).toBe('bound');
    show('second', ['cert']);
    expect(await exchange()).toBe('bound');
    show('third');
    expect(await exchange()).toBe('bound');
    expect(shown).toEqual(['first', 'first', 'third']);
    source.close();
  });

  it('of a server that nobody vouches for gets no credentials', async () => {
    const [stranger, own] = [authority('stranger'), certificateOf({ authority: ca })];
    for (const [name, text] of [
      ['ca', stranger.certificate],
      ['cert', own.certificate],
      ['key', own.privateKey],
    ] as const)
      writeFileSync(file(name), text);
    const tls = { caFile: file('ca'), certFile: file('cert'), keyFile: file('key') };
    const source = createTokenSource({ ...OPTIONS, issuer: url.origin, client: { clientId: 'orders', secret: 's', tls } });
    const before = shown.length;
    const refused = { reason: 'TOKEN_ENDPOINT_UNREACHABLE', saidBy: 'transport' };
    await expect(source.token({ subjectToken: 's' })).rejects.toMatchObject(refused);
    expect(shown).toHaveLength(before);
    source.close();
  });
});
