/** HAProxy as Debian packages it verifies issued tokens, with the sample of deploy/gateways/haproxy and the keys that the command line exports. */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { freePort } from '#devkit/free-port.js';
import { basic, exchangeForm, post, type RestAnswer } from '../support/callers.js';
import { overTls } from '../support/tls-callers.js';
import { CALLER, type InteropWorld, RSA_AUDIENCE, SAMPLE_AUDIENCE } from './interop.world.js';
import { Cases } from './outcome.js';
import { program, startServer, succeed } from './programs.js';

const ROOT = join(import.meta.dirname, '../..');
const FROM_SOURCES = ['--disable-warning=ExperimentalWarning', '--import', './scripts/typescript-sources.mjs'];
const SAMPLE = join(ROOT, 'deploy/gateways/haproxy/verify.cfg');

const PERMISSION = { ES256: 'billing:invoice:read', RS256: 'archive:all:read' } as const;

interface Guarded {
  readonly algorithm: 'ES256' | 'RS256';
  readonly audience: string;
  /** Of somebody who may read invoices, by the service. */
  readonly token: string;
  /** The one that the route needs. */
  readonly permission: string;
  /** In the place of the second key of the sample. */
  readonly own: KeyObject;
  readonly url: string;
  readonly ca: string;
}

/** @throws Skipped where it is not installed */
export async function checkHaproxy(world: InteropWorld): Promise<Cases> {
  const haproxy = program('haproxy', 'haproxy');
  const api = createServer((request, response) => {
    response.end(JSON.stringify({ subject: request.headers['x-countersign-subject'] ?? null }));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const { port: apiPort } = api.address() as AddressInfo;
  const cases = new Cases();
  try {
    for (const [algorithm, audience] of [
      ['ES256', SAMPLE_AUDIENCE],
      ['RS256', RSA_AUDIENCE],
    ] as const) {
      const own = ownKey(algorithm);
      const port = await freePort();
      const token = await issued(world, audience);
      const config = await writeConfig(world, { algorithm, audience, own, token, port, apiPort });
      await succeed(haproxy, ['-c', '-f', config]);
      const server = await startServer(haproxy, ['-db', '-f', config], [port]);
      const permission = PERMISSION[algorithm];
      const guarded = { algorithm, audience, permission, token, own, url: `https://localhost:${String(port)}`, ca: world.ca };
      const ofOne = new Cases();
      await judge(guarded, ofOne).finally(() => server.stop());
      cases.take(ofOne.seen.map((each) => ({ ...each, name: `${algorithm}: ${each.name}` })));
    }
  } finally {
    api.close();
  }
  return cases;
}

async function judge(guarded: Guarded, cases: Cases): Promise<void> {
  const { token, own } = guarded;
  const claims = decodeJwt(token);
  const header = { ...decodeProtectedHeader(token) };
  const made = (more: Readonly<Record<string, unknown>>, over: object = {}): string =>
    signed({ ...header, ...over }, { ...claims, ...more }, own);
  await cases.hold('a token of the service passes, and says who', async () => {
    const answer = await request(guarded, token);
    assert.deepEqual([answer.status, answer.body['subject']], [200, claims.sub]);
  });
  await cases.hold('so does one of the second key', async () => {
    assert.equal((await request(guarded, made({}))).status, 200);
  });
  await cases.hold('headers of our names from outside are dropped', async () => {
    const answer = await request(guarded, token, { 'x-countersign-subject': 'u_somebody', 'X-Countersign-Tenant': 'other' });
    assert.deepEqual([answer.status, answer.body['subject']], [200, claims.sub]);
  });
  const now = Math.floor(Date.now() / 1000);
  const refused: Readonly<Record<string, string | undefined>> = {
    'no token': undefined,
    'no JWT': 'token',
    'another signature': tampered(token, 2),
    'other claims': tampered(token, 1),
    'an expired token': made({ exp: now - 1 }),
    'a token without an end': made({ exp: undefined }),
    'an end that is no number': made({ exp: 'never' }),
    'another audience': made({ aud: 'https://other.acme.example' }),
    'an audience that begins alike': made({ aud: `${guarded.audience}.evil.example` }),
    'another issuer': made({ iss: 'https://auth.evil.example' }),
    'another type': made({}, { typ: 'JWT' }),
    'a token that is bound to a key': made({ cnf: { jkt: 'x' } }),
    'a token that is bound to a certificate': made({ cnf: { 'x5t#S256': 'x' } }),
    'an algorithm that the token chooses': made({}, { alg: guarded.algorithm === 'ES256' ? 'RS256' : 'ES256' }),
    'no algorithm': made({}, { alg: 'none' }),
    'no algorithm and no signature': `${made({}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`,
    'a signature that is HMAC by the public key': made({}, { alg: 'HS256' }),
    'a key of somebody else': signed(header, claims, ownKey(guarded.algorithm)),
  };
  for (const [name, bad] of Object.entries(refused)) {
    await cases.hold(`refused: ${name}`, async () => {
      const answer = await request(guarded, bad);
      assert.deepEqual([answer.status, answer.body['error']], [401, 'invalid_token']);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token"/);
    });
  }
  await cases.hold('refused: two tokens', async () => {
    const answer = await request(guarded, token, { authorization: [`Bearer ${token}`, `Bearer ${token}`] });
    assert.equal(answer.status, 401);
  });
  await cases.hold('a token without the permission is not enough', async () => {
    assert.equal(
      (
        await request(
          guarded,
          made({ permissions: [`${guarded.permission}s`, `x:${guarded.permission}`, `"${guarded.permission}"`] }),
        )
      ).status,
      403,
    );
    assert.equal((await request(guarded, made({ permissions: undefined }))).status, 403);
    const elsewhere = { permissions: [], roles: [guarded.permission], sub: `"permissions":["${guarded.permission}"]` };
    assert.equal((await request(guarded, made(elsewhere))).status, 403);
  });
  await cases.hold('what no rule names is nobody’s', async () => {
    assert.equal((await request(guarded, token, {}, '/other')).status, 403);
  });
}

function request(
  { url, ca }: Guarded,
  token: string | undefined,
  headers: Readonly<Record<string, string | string[]>> = {},
  path = '/invoices',
): Promise<RestAnswer> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return overTls({ ca }, { url: `${url}${path}`, method: 'GET', headers: { ...authorization, ...headers } });
}

async function issued({ plain, service }: InteropWorld, audience: string): Promise<string> {
  const form = exchangeForm(service.identityProvider.issue({ persona: 'alice' }), { audience });
  const { status, body } = await post(plain, form, { authorization: basic(CALLER, service.secret) });
  if (status !== 200) throw new Error(`the exchange for ${audience} is refused: ${JSON.stringify(body)}`);
  return String(body['access_token']);
}

async function writeConfig(
  world: InteropWorld,
  of: Pick<Guarded, 'algorithm' | 'audience' | 'own' | 'token'> & { readonly port: number; readonly apiPort: number },
): Promise<string> {
  const folder = join(world.folder, `haproxy-${of.algorithm}`);
  mkdirSync(folder);
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const { kid = '' } = decodeProtectedHeader(of.token);
  const by = {
    'bind :443': `bind 127.0.0.1:${String(of.port)}`,
    '/etc/haproxy/tls/api.pem': file('api.pem', world.server.certificate + world.server.privateKey),
    '/etc/haproxy/countersign/current.pem': file('current.pem', await exportedKey(world, kid)),
    '/etc/haproxy/countersign/other.pem': file('other.pem', publicPem(of.own)),
    '-m str ES256': `-m str ${of.algorithm}`,
    'https://auth.example.com': world.service.settings.issuer,
    'https://api.example.com/billing': of.audience,
    '127.0.0.1:3000': `127.0.0.1:${String(of.apiPort)}`,
    // One application has invoices, the other has not.
    'billing:invoice:read': PERMISSION[of.algorithm],
  };
  let text = readFileSync(SAMPLE, 'utf8');
  for (const [from, to] of Object.entries(by)) {
    if (!text.includes(from)) throw new Error(`the sample has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return file('haproxy.cfg', text);
}

/** As operators get it: by the command, on the database of the service. */
async function exportedKey({ configFile }: InteropWorld, kid: string): Promise<string> {
  return succeed(
    process.execPath,
    [...FROM_SOURCES, 'test/interop/keys.main.ts', 'keys', 'export-public', kid, '--config', configFile],
    { cwd: ROOT, env: { DATABASE_URL: undefined } },
  );
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Says in its header whatever it is told to, and is signed by the key. */
function signed(header: Readonly<Record<string, unknown>>, claims: Readonly<Record<string, unknown>>, key: KeyObject): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  const signature =
    header['alg'] === 'HS256'
      ? createHmac('sha256', publicPem(key)).update(input).digest()
      : sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** One letter of one part differs. */
function tampered(token: string, part: number): string {
  const parts = token.split('.');
  const text = parts[part] ?? '';
  parts[part] = text.slice(0, 20) + (text[20] === 'A' ? 'B' : 'A') + text.slice(21);
  return parts.join('.');
}

function ownKey(algorithm: Guarded['algorithm']): KeyObject {
  return algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}
