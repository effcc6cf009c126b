/** nginx as Debian packages it, with the configurations of the guide, in front of REST and gRPC. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { basic, exchangeForm, GRANT, JWT_TYPE } from '../support/callers.js';
import { exchangeOverGrpc, overTls } from '../support/tls-callers.js';
import { checkForwardAuth } from './forward-auth.check.js';
import { CALLER, type InteropWorld, SAMPLE_AUDIENCE } from './interop.world.js';
import { Cases, Skipped } from './outcome.js';
import { replaced, type Site, startNginx } from './nginx.server.js';
import { program } from './programs.js';
import { askInPython } from './python.check.js';

const GUIDE = join(import.meta.dirname, '../../docs/guides/nginx-haproxy.md');
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** @throws Skipped where it is not installed */
export async function checkNginx(world: InteropWorld): Promise<Cases> {
  const nginx = program('nginx', 'nginx');
  const cases = new Cases();
  const [plaintext = '', encrypted = ''] = nginxExamples();
  for (const [name, example] of [
    ['plaintext behind', toPlain(plaintext, world)],
    ['TLS behind', toSecure(encrypted, world)],
  ] as const) {
    const front = await startNginx(nginx, world, asSite(example, world));
    try {
      const own = new Cases();
      await askFromNode(world, front.port, own);
      await inPython(world, front.port, own);
      cases.take(own.seen.map((each) => ({ ...each, name: `${name}: ${each.name}` })));
    } finally {
      await front.server.stop();
    }
  }
  cases.take((await checkForwardAuth(world, nginx)).seen);
  return cases;
}

/** What `python.check.ts` skips for is not what this check is about. */
async function inPython(world: InteropWorld, port: number, cases: Cases): Promise<void> {
  try {
    const { seen } = await askInPython(world, { target: `localhost:${String(port)}`, direct: false });
    cases.take(seen.map((each) => ({ ...each, name: `Python ${each.name}` })));
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
  }
}

async function askFromNode(world: InteropWorld, port: number, cases: Cases): Promise<void> {
  const at = { grpcAddress: `localhost:${String(port)}` };
  const connecting = { ca: world.ca };
  const { identityProvider, secret } = world.service;
  const request = {
    subjectToken: identityProvider.issue({ persona: 'alice' }),
    subjectTokenType: JWT_TYPE,
    audience: [SAMPLE_AUDIENCE],
  };
  const rest = (body: string, authorization = basic(CALLER, secret)) =>
    overTls(connecting, {
      url: `https://localhost:${String(port)}/oauth2/token`,
      headers: { ...FORM, authorization },
      body,
    });
  await cases.hold('grpc-js exchanges', async () => {
    const { response, failure } = await exchangeOverGrpc(at, connecting, metadataOf(secret), request);
    assert.equal(failure, undefined);
    assert.equal(response.tokenType, 'Bearer');
  });
  await cases.hold('grpc-js reads details and trailers of a refusal', async () => {
    const { failure } = await exchangeOverGrpc(at, connecting, metadataOf('wrong'), request);
    assert.deepEqual([failure?.code, failure?.reason], ['UNAUTHENTICATED', 'CLIENT_UNAUTHENTICATED']);
    assert.match(String(failure?.trailers.get('www-authenticate')[0]), /^Basic /);
  });
  await cases.hold('grpc-js reads the field of a bad token', async () => {
    const { failure } = await exchangeOverGrpc(at, connecting, metadataOf(secret), { ...request, subjectToken: 'a.b.c' });
    assert.deepEqual([failure?.code, failure?.violations], ['INVALID_ARGUMENT', ['subject_token']]);
  });
  await cases.hold('metadata of 16 kB comes through', async () => {
    const metadata = metadataOf(secret);
    metadata.set('x-long', randomText(16_000));
    const { failure } = await exchangeOverGrpc(at, connecting, metadata, request);
    assert.equal(failure, undefined);
  });
  await cases.hold('a message above our limit is refused by us', async () => {
    const { failure } = await exchangeOverGrpc(at, connecting, metadataOf(secret), { ...request, scope: 'a'.repeat(70_000) });
    assert.equal(failure?.code, 'RESOURCE_EXHAUSTED');
  });
  await cases.hold('a client certificate that somebody claims does not arrive', async () => {
    const metadata = metadataOf(secret);
    metadata.set('client-cert', ':AAAA:');
    const { failure } = await exchangeOverGrpc(at, connecting, metadata, request);
    assert.equal(failure, undefined);
  });
  await cases.hold('REST exchanges', async () => {
    const answer = await rest(exchangeForm(request.subjectToken, { audience: SAMPLE_AUDIENCE }).toString());
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });
  await cases.hold('REST refusals keep code and challenge', async () => {
    const answer = await rest(exchangeForm(request.subjectToken).toString(), basic(CALLER, 'wrong'));
    assert.deepEqual([answer.status, answer.body['code']], [401, 'CLIENT_UNAUTHENTICATED']);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /);
    const malformed = await rest(new URLSearchParams({ grant_type: GRANT }).toString());
    assert.deepEqual([malformed.status, malformed.body['code']], [400, 'REQUEST_PARAMETER_MISSING']);
  });
  await cases.hold('the key set comes through with its ETag', async () => {
    const answer = await overTls(connecting, { url: `https://localhost:${String(port)}/.well-known/jwks.json`, method: 'GET' });
    assert.equal(answer.status, 200);
    assert.notEqual(answer.headers.get('etag'), null);
  });
}

function metadataOf(secret: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', basic(CALLER, secret));
  return metadata;
}

/** HPACK would make short work of a letter that is repeated. */
function randomText(length: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 7919) % 90))).join('');
}

/** The configurations of the guide, in order. */
function nginxExamples(): string[] {
  return [...readFileSync(GUIDE, 'utf8').matchAll(/^```nginx\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

function toPlain(example: string, { plain }: InteropWorld): string {
  return replaced(example, { '127.0.0.1:8080': new URL(plain.httpUrl).host, '127.0.0.1:9090': plain.grpcAddress });
}

function toSecure(example: string, { secure, caFile }: InteropWorld): string {
  return replaced(example, {
    '127.0.0.1:8443': new URL(secure.httpUrl).host,
    '127.0.0.1:9443': secure.grpcAddress,
    '/etc/nginx/tls/internal-ca.pem': caFile,
  });
}

function asSite(example: string, { server }: InteropWorld): Site {
  return {
    listens: 'listen 443',
    http: replaced(example, {
      'auth.example.com': 'localhost',
      '/etc/nginx/tls/fullchain.pem': server.certificateFile,
      '/etc/nginx/tls/key.pem': server.keyFile,
    }),
  };
}
