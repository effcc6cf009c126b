import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { selfSigned } from '../../test/support/self-signed.js';
import { KeyVaultStandIn } from './key-vault-stand-in.js';
import { presentable, type VaultAsk, VaultCaller, type VaultReply } from './vault-caller.js';
import { CALM } from './vault-knobs.js';

const tls = presentable(selfSigned());
const clock = new ManualClock();
const vault = new KeyVaultStandIn({ clock });
let vaultUrl = '';
let resource = '';

beforeAll(async () => {
  ({ vaultUrl, resource } = await vault.start({ tls }));
});
afterAll(() => vault.stop());
afterEach(async () => {
  await vault.turn(CALM);
  clock.advance(10_000);
});

type Json = Record<string, unknown>;
const caller = new VaultCaller({ vaultUrl: () => vaultUrl, ca: tls.cert, token: () => vault.issueToken() });
const ask = (path: string, how?: VaultAsk): Promise<VaultReply> => caller.ask(path, how);
async function made(name: string, wishes: Json): Promise<{ kid: string; path: string; jwk: JsonWebKey }> {
  const { status, json } = await ask(`/keys/${name}/create`, { body: wishes });
  expect(status).toBe(200);
  const jwk = json['key'] as JsonWebKey & { kid: string };
  return { kid: jwk.kid, path: new URL(jwk.kid).pathname, jwk };
}

const errorOf = ({ json }: VaultReply): Json => json['error'] as Json;
const innerOf = (answer: VaultReply): unknown => (errorOf(answer)['innererror'] as Json | undefined)?.['code'];
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const RSA = { kty: 'RSA', key_size: 2048 };
const EC = { kty: 'EC', crv: 'P-256' };

describe('the challenge of the stand-in', () => {
  it('tells who asks without a token where to get one, and for what', async () => {
    const answer = await ask('/keys/any', { token: null });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(
      /^Bearer authorization="https:\/\/localhost:\d+\/[0-9a-f-]{36}", resource="https:\/\/localhost"$/,
    );
    expect(errorOf(answer)).toMatchObject({ code: 'Unauthorized', message: expect.stringContaining('AKV10000') });
  });

  it.each([
    ['a token for another audience', { audience: 'https://graph.microsoft.com' }, 'AKV10022'],
    ['an expired token', { lifetimeSeconds: -1 }, 'expired'],
    ['a token of another directory', { directoryId: '00000000-0000-0000-0000-000000000000' }, 'AKV10032'],
  ])('refuses %s', async (_, wishes, text) => {
    const answer = await ask('/keys/any', { token: vault.issueToken(wishes) });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain(resource);
    expect(errorOf(answer)['message']).toContain(text);
  });

  it('refuses a token whose claims were altered', async () => {
    const [header = '', payload = '', signature = ''] = vault.issueToken().split('.');
    const claims = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as Json), appid: 'another' };
    const altered = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect((await ask('/keys/any', { token: `${header}.${payload}.${signature}` })).status).toBe(404);
    expect((await ask('/keys/any', { token: `${header}.${altered}.${signature}` })).status).toBe(401);
    expect((await ask('/keys/any', { token: 'nonsense' })).status).toBe(401);
  });

  it('lies when it is told to', async () => {
    await vault.turn({ challenge: { resource: 'https://vault.evil.example', authorization: 'https://login.evil.example/x' } });
    const { headers } = await ask('/keys/any', { token: null });
    expect(headers['www-authenticate']).toBe(
      'Bearer authorization="https://login.evil.example/x", resource="https://vault.evil.example"',
    );
    await vault.turn({ challenge: { header: 'Basic realm="x"' } });
    expect((await ask('/keys/any', { token: null })).headers['www-authenticate']).toBe('Basic realm="x"');
  });

  it('takes tokens of another authority whose keys it is given', async () => {
    const { publicKey, privateKey: signer } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const other = new KeyVaultStandIn({
      clock,
      authority: {
        url: 'https://login.example/dir',
        directoryId: 'dir',
        keys: () => Promise.resolve([{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }]),
      },
    });
    const started = await other.start({ tls });
    try {
      const encode = (part: Json): string => Buffer.from(JSON.stringify(part)).toString('base64url');
      const claims = { aud: started.resource, tid: 'dir', exp: Math.floor(clock.now() / 1000) + 60 };
      const input = `${encode({ alg: 'RS256', kid: 'k1' })}.${encode(claims)}`;
      const token = `${input}.${sign('sha256', Buffer.from(input), signer).toString('base64url')}`;
      expect(started.authorization).toBe('https://login.example/dir');
      expect((await ask('/keys/any', { token, url: started.vaultUrl })).status).toBe(404);
      expect((await ask('/keys/any', { token: other.issueToken(), url: started.vaultUrl })).status).toBe(401);
    } finally {
      await other.stop();
    }
  });
});

describe('the keys of the stand-in', () => {
  it('are shown without a private member, in the shape of the service', async () => {
    const { kid } = await made('shape', { ...RSA, tags: { use: 'test' } });
    const { json } = await ask('/keys/shape');
    expect(kid).toMatch(/^https:\/\/localhost:\d+\/keys\/shape\/[0-9a-f]{32}$/);
    expect(Object.keys(json['key'] as Json).sort()).toEqual(['e', 'key_ops', 'kid', 'kty', 'n']);
    expect(json).toMatchObject({ attributes: { enabled: true, recoverableDays: 90 }, tags: { use: 'test' } });
    await made('shape-ec', EC);
    expect(Object.keys((await ask('/keys/shape-ec')).json['key'] as Json).sort()).toEqual([
      'crv',
      'key_ops',
      'kid',
      'kty',
      'x',
      'y',
    ]);
  });

  it('have versions, the old ones also after a rotation, listed page by page', async () => {
    const first = await made('turn', EC);
    for (let index = 0; index < 3; index += 1) expect((await ask('/keys/turn/rotate', { body: {} })).status).toBe(200);
    expect(((await ask('/keys/turn')).json['key'] as Json)['kid']).not.toBe(first.kid);
    expect(((await ask(first.path)).json['key'] as Json)['kid']).toBe(first.kid);
    const page = await ask('/keys/turn/versions?api-version=7.4&maxresults=3');
    expect(page.json['value']).toHaveLength(3);
    const rest = await ask(String(page.json['nextLink']));
    expect(rest.json).toMatchObject({ nextLink: null });
    expect(rest.json['value']).toHaveLength(1);
    expect((await ask('/keys/nobody/versions')).json).toEqual({ value: [], nextLink: null });
  });

  it('can be brought in', async () => {
    const { privateKey: mine, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = { ...mine.export({ format: 'jwk' }), key_ops: ['sign'] };
    const { json } = await ask('/keys/mine', { method: 'PUT', body: { key } });
    expect(json['key']).toMatchObject({ x: publicKey.export({ format: 'jwk' }).x, key_ops: ['sign'] });
    expect((await ask('/keys/mine2', { method: 'PUT', body: { key: { kty: 'EC', crv: 'P-256' } } })).status).toBe(400);
  });

  it('are deleted softly: recovered or purged, and the name is taken meanwhile', async () => {
    await made('gone', EC);
    expect((await ask('/keys/gone', { method: 'DELETE' })).json).toMatchObject({ recoveryId: `${vaultUrl}/deletedkeys/gone` });
    const absent = await ask('/keys/gone');
    expect([absent.status, errorOf(absent)['code']]).toEqual([404, 'KeyNotFound']);
    const taken = await ask('/keys/gone/create', { body: EC });
    expect([taken.status, innerOf(taken)]).toEqual([409, 'ObjectIsDeletedButRecoverable']);
    expect((await ask('/deletedkeys/gone')).status).toBe(200);
    expect((await ask('/deletedkeys/gone/recover', { body: {} })).status).toBe(200);
    expect((await ask('/keys/gone')).status).toBe(200);
    await ask('/keys/gone', { method: 'DELETE' });
    expect((await ask('/deletedkeys/gone', { method: 'DELETE' })).status).toBe(204);
    expect((await ask('/keys/gone/create', { body: EC })).status).toBe(200);
  });

  it('know neither another version nor another name', async () => {
    const { path } = await made('known', EC);
    expect((await ask(`${path.slice(0, -32)}${'0'.repeat(32)}`)).status).toBe(404);
    expect((await ask('/keys/unknown/sign', { body: { alg: 'ES256', value: digestOf('x').toString('base64url') } })).status).toBe(
      404,
    );
  });

  it.each([
    [{ kty: 'oct' }, 'kty'],
    [{ kty: 'RSA', key_size: 512 }, 'key_size'],
    [{ kty: 'EC', crv: 'P-192' }, 'crv'],
  ])('are not made of %j', async (wishes, property) => {
    const answer = await ask('/keys/wrong/create', { body: wishes });
    expect([answer.status, errorOf(answer)['code']]).toEqual([400, 'BadParameter']);
    expect(errorOf(answer)['message']).toContain(property);
  });

  it.each(['', '?api-version=1.0'])('are not served for the API version %j', async (query) => {
    const answer = await ask(query === '' ? '/keys/known?x=1' : `/keys/known${query}`);
    expect([answer.status, errorOf(answer)['code']]).toEqual([400, 'BadParameter']);
  });
});

describe('signing in the stand-in', () => {
  it.each([
    ['RS256', RSA],
    ['PS256', RSA],
    ['PS256', { kty: 'RSA', key_size: 3072 }],
    ['ES256', EC],
  ] as const)('%s over a digest verifies with node:crypto (%j)', async (alg, wishes) => {
    const { path, jwk, kid } = await made(`sign-${alg}`, wishes);
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    for (let round = 0; round < 8; round += 1) {
      const text = `input ${String(round)}`;
      const digest = digestOf(text);
      const { json } = await ask(`${path}/sign`, { body: { alg, value: digest.toString('base64url') } });
      expect(json['kid']).toBe(kid);
      const signature = Buffer.from(String(json['value']), 'base64url');
      const padding = { RS256: constants.RSA_PKCS1_PADDING, PS256: constants.RSA_PKCS1_PSS_PADDING, ES256: undefined }[alg];
      const how = padding === undefined ? { key, dsaEncoding: 'ieee-p1363' as const } : { key, padding, saltLength: 32 };
      expect(verify('sha256', Buffer.from(text), how, signature)).toBe(true);
      const own = (value: Buffer, over = digest): Promise<VaultReply> =>
        ask(`${path}/verify`, { body: { alg, digest: over.toString('base64url'), value: value.toString('base64url') } });
      expect((await own(signature)).json).toEqual({ value: true });
      expect((await own(signature, digestOf('other'))).json).toEqual({ value: false });
      const altered = Buffer.from(signature);
      altered[20] = (altered[20] ?? 0) ^ 1;
      expect((await own(altered)).json).toEqual({ value: false });
    }
  });

  it('refuses an algorithm that does not fit the key, and a digest of another length', async () => {
    const { path } = await made('misfit', EC);
    const value = digestOf('x').toString('base64url');
    expect(errorOf(await ask(`${path}/sign`, { body: { alg: 'RS256', value } }))['message']).toContain('incompatible');
    expect(errorOf(await ask(`${path}/sign`, { body: { alg: 'ES256', value: 'AAAA' } }))['message']).toContain('32 bytes');
    expect((await ask(`${path}/sign`, { body: { alg: 'none', value } })).status).toBe(400);
  });

  it('refuses a disabled version, one that is over and one that is not yet valid, and goes on with the others', async () => {
    const { path } = await made('states', EC);
    const value = digestOf('x').toString('base64url');
    const sign = (): Promise<VaultReply> => ask(`${path}/sign`, { body: { alg: 'ES256', value } });
    const update = (attributes: Json): Promise<VaultReply> => ask(path, { method: 'PATCH', body: { attributes } });
    await update({ enabled: false });
    expect([(await sign()).status, innerOf(await sign())]).toEqual([403, 'KeyDisabled']);
    await update({ enabled: true });
    expect((await sign()).status).toBe(200);
    const now = Math.floor(clock.now() / 1000);
    await update({ exp: now });
    expect(innerOf(await sign())).toBe('KeyExpired');
    await update({ exp: now + 100, nbf: now + 50 });
    expect(innerOf(await sign())).toBe('KeyNotYetValid');
    await update({ nbf: now });
    expect((await sign()).status).toBe(200);
  });
});

describe('wrapping in the stand-in', () => {
  it('gives a key back that was wrapped there or with the public half', async () => {
    const { path, jwk } = await made('wrap', RSA);
    const secret = randomBytes(32);
    const wrap = (operation: string, value: Buffer): Promise<VaultReply> =>
      ask(`${path}/${operation}`, { body: { alg: 'RSA-OAEP-256', value: value.toString('base64url') } });
    const wrapped = Buffer.from(String((await wrap('wrapkey', secret)).json['value']), 'base64url');
    expect((await wrap('unwrapkey', wrapped)).json['value']).toBe(secret.toString('base64url'));
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const outside = publicEncrypt({ key: createPublicKey({ key: jwk, format: 'jwk' }), ...padding }, secret);
    expect((await wrap('unwrapkey', outside)).json['value']).toBe(secret.toString('base64url'));
    wrapped[9] = (wrapped[9] ?? 0) ^ 1;
    expect((await wrap('unwrapkey', wrapped)).status).toBe(400);
  });

  it('needs RSA, the one algorithm, and a version that is enabled to unwrap', async () => {
    const { path } = await made('wrap-ec', { ...EC, key_ops: ['wrapKey'] });
    expect((await ask(`${path}/wrapkey`, { body: { alg: 'RSA-OAEP-256', value: 'AAAA' } })).status).toBe(400);
    const rsa = await made('wrap-disabled', { ...RSA, attributes: { enabled: false } });
    const { json, status } = await ask(`${rsa.path}/wrapkey`, { body: { alg: 'RSA-OAEP-256', value: 'AAAA' } });
    expect(status).toBe(200);
    expect(innerOf(await ask(`${rsa.path}/unwrapkey`, { body: { alg: 'RSA-OAEP-256', value: json['value'] } }))).toBe(
      'KeyDisabled',
    );
    expect((await ask(`${rsa.path}/wrapkey`, { body: { alg: 'RSA1_5', value: 'AAAA' } })).status).toBe(400);
    const signer = await made('wrap-sign-only', { ...RSA, key_ops: ['sign'] });
    expect(innerOf(await ask(`${signer.path}/wrapkey`, { body: { alg: 'RSA-OAEP-256', value: 'AAAA' } }))).toBe(
      'KeyOperationForbidden',
    );
  });
});
