import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import type { GenerateKeyPairResult, JWTPayload } from 'jose';
import { createDownstream } from './downstream.js';

const audience = 'https://billing.example';
const kid = 'countersign-1';

let keys: GenerateKeyPairResult;
let foreignKeys: GenerateKeyPairResult;
let identityProviderKeys: GenerateKeyPairResult;
let rsaKeys: GenerateKeyPairResult;
let issuer: string;
let api: string;
const servers: Server[] = [];

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  foreignKeys = await generateKeyPair('ES256');
  identityProviderKeys = await generateKeyPair('RS256');
  rsaKeys = await generateKeyPair('RS256', { extractable: true });
  const published = JSON.stringify({
    keys: [
      { ...(await exportJWK(keys.publicKey)), kid, alg: 'ES256', use: 'sig' },
      { ...(await exportJWK(rsaKeys.publicKey)), kid: 'countersign-rsa', alg: 'RS256', use: 'sig' },
    ],
  });
  issuer = await listen(createServer((_, response) => response.setHeader('content-type', 'application/json').end(published)));
  api = await listen(
    createDownstream({ issuer, audience, keys: createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)) }),
  );
});

afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

function claims(changes: Record<string, unknown> = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const permissions = ['billing:invoice:read'];
  return { iss: issuer, aud: audience, sub: 'u_1', tenant: 'acme', permissions, iat: now, exp: now + 600, jti: '1', ...changes };
}

function issued(changes: Record<string, unknown> = {}, header: { typ?: string } = { typ: 'at+jwt' }): Promise<string> {
  return new SignJWT(claims(changes)).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(keys.privateKey);
}

function request(method: string, token?: string): Promise<Response> {
  return fetch(`${api}/invoices`, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
}

async function expectInvalidToken(token: string): Promise<void> {
  const response = await request('GET', token);
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
}

describe('what it accepts', () => {
  it('answers a token of the trusted issuer that holds the permission of the route', async () => {
    const response = await request('GET', await issued());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ tenant: 'acme', invoices: 3 });
  });

  it('lets who may create an invoice create one', async () => {
    const response = await request('POST', await issued({ permissions: ['billing:invoice:create'], tenant: 'other' }));
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ tenant: 'other', invoices: 1 });
  });
});

describe('what it refuses', () => {
  it('a request without a token, without saying more than how to authenticate', async () => {
    const response = await request('GET');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="invoices"');
  });

  it('a caller without the permission of the route, and names it', async () => {
    const response = await request('POST', await issued());
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(response.headers.get('www-authenticate')).toContain('scope="billing:invoice:create"');
  });

  it('permissions that merely begin or end like the one it needs', async () => {
    const permissions = ['billing:invoice:*', 'billing:invoice:reader', 'x:billing:invoice:read', '**'];
    expect((await request('GET', await issued({ permissions }))).status).toBe(403);
  });

  it('permissions in one text instead of a list', async () => {
    await expectInvalidToken(await issued({ permissions: 'billing:invoice:read' }));
  });

  it('another issuer', async () => {
    await expectInvalidToken(await issued({ iss: 'https://login.microsoftonline.com/common/v2.0' }));
  });

  it('another audience', async () => {
    await expectInvalidToken(await issued({ aud: 'https://orders.example' }));
  });

  it('a token that has ended', async () => {
    await expectInvalidToken(await issued({ exp: Math.floor(Date.now() / 1000) - 1 }));
  });

  it('a token that never ends', async () => {
    await expectInvalidToken(await issued({ exp: undefined }));
  });

  it('an ID token or any other type', async () => {
    await expectInvalidToken(await issued({}, { typ: 'JWT' }));
    await expectInvalidToken(await issued({}, {}));
  });

  it('a token without signature', async () => {
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    await expectInvalidToken(`${encode({ alg: 'none', typ: 'at+jwt', kid })}.${encode(claims())}.`);
  });

  it('a token signed by HMAC with the public key as secret', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    await expectInvalidToken(await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(secret));
  });

  it('an algorithm that it did not choose, by a key that the issuer does publish', async () => {
    const header = { alg: 'RS256', typ: 'at+jwt', kid: 'countersign-rsa' };
    await expectInvalidToken(await new SignJWT(claims()).setProtectedHeader(header).sign(rsaKeys.privateKey));
  });

  it('a token signed by a foreign key under the id of the real one', async () => {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .sign(foreignKeys.privateKey);
    await expectInvalidToken(token);
  });

  it('a token that brings its own key', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const header = { alg: 'ES256', typ: 'at+jwt', kid, jwk: await exportJWK(pair.publicKey), jku: `${api}/jwks` };
    await expectInvalidToken(await new SignJWT(claims()).setProtectedHeader(header).sign(pair.privateKey));
  });

  it('a token of the identity provider that nobody exchanged', async () => {
    const entra = claims({ iss: 'https://login.microsoftonline.com/t/v2.0', scp: 'access_as_user', oid: '1', tid: 't' });
    const header = { alg: 'RS256', typ: 'JWT', kid: 'entra' };
    await expectInvalidToken(await new SignJWT(entra).setProtectedHeader(header).sign(identityProviderKeys.privateKey));
  });

  it('a token whose payload was changed after signing', async () => {
    const [header = '', , signature = ''] = (await issued()).split('.');
    const payload = Buffer.from(JSON.stringify(claims({ permissions: ['billing:invoice:create'] }))).toString('base64url');
    await expectInvalidToken(`${header}.${payload}.${signature}`);
  });
});

describe('when the keys cannot be had', () => {
  it('says try again, and never that the token is bad', async () => {
    const nowhere = createRemoteJWKSet(new URL('http://127.0.0.1:1/.well-known/jwks.json'));
    const stranded = await listen(createDownstream({ issuer, audience, keys: nowhere }));
    const response = await fetch(`${stranded}/invoices`, { headers: { authorization: `Bearer ${await issued()}` } });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
  });
});
