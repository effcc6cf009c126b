/** nginx asks the service before it lets a request through (`auth_request`), with the sample of deploy/gateways/nginx. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { basic } from '../support/callers.js';
import { GATEWAY, type InteropWorld } from './interop.world.js';
import { Cases } from './outcome.js';
import { replaced, type Site, startNginx } from './nginx.server.js';
import { subjectTokens } from './tokens.js';

const SAMPLE = join(import.meta.dirname, '../../deploy/gateways/nginx/nginx.conf');

interface Answer {
  readonly status: number;
  /** What the application was sent; `null`: it was not asked. */
  readonly arrived: Readonly<Record<string, string | undefined>> | null;
}

/** Ways to write `/invoices` of which an application might think that it was meant. */
const SPELLINGS = [
  '//invoices',
  '/./invoices',
  '/x/../invoices',
  '/%2e/invoices',
  '/invoices/',
  '/INVOICES',
  '/invoices;a=b',
].concat([
  '/invoices%2f',
  '/invoices%00',
  '/%69nvoices%2f..',
  '/invoices%5c',
  '/x%2f..%2finvoices',
  '/invoices/.',
  '/invoices%252f',
]);

export async function checkForwardAuth(world: InteropWorld, nginx: string): Promise<Cases> {
  const application = await startApplication();
  const { port: applicationPort } = application.address() as AddressInfo;
  const cases = new Cases();
  try {
    const front = await startNginx(nginx, world, siteOf(world, applicationPort));
    try {
      await judge(world, front.port, cases);
    } finally {
      await front.server.stop();
    }
  } finally {
    application.close();
  }
  return cases;
}

async function judge(world: InteropWorld, port: number, cases: Cases): Promise<void> {
  const { alice = '', bob = '', expired = '' } = subjectTokens(world);
  const ask = (method: string, path: string, token: string | undefined, headers: Readonly<Record<string, string>> = {}) =>
    send(port, { method, path, headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers } });
  await cases.hold('auth_request lets through who may, and says who it is', async () => {
    const { status, arrived } = await ask('GET', '/invoices?page=2', bob);
    assert.equal(status, 200);
    assert.match(arrived?.['x-countersign-subject'] ?? '', /^u_/);
    assert.deepEqual([arrived?.['x-countersign-tenant'], arrived?.['authorization'] ?? ''], ['acme', '']);
  });
  await cases.hold('auth_request asks for the permission of the method', async () => {
    assert.equal((await ask('POST', '/invoices', alice)).status, 200);
    assert.deepEqual(await ask('POST', '/invoices', bob), { status: 403, arrived: null });
  });
  await cases.hold('auth_request refuses who has no good token', async () => {
    for (const token of [undefined, 'token', expired, `${alice.slice(0, -4)}AAAA`])
      assert.deepEqual(await ask('GET', '/invoices', token), { status: 401, arrived: null });
  });
  await cases.hold('auth_request refuses what no route names', async () => {
    assert.deepEqual(await ask('GET', '/other', alice), { status: 403, arrived: null });
    assert.deepEqual(await ask('DELETE', '/invoices', alice), { status: 403, arrived: null });
  });
  await cases.hold('auth_request heeds nothing that the sender says of itself', async () => {
    const claimed = { 'x-original-uri': '/invoices', 'x-original-method': 'GET', 'x-countersign-subject': 'u_somebody' };
    assert.deepEqual(await ask('GET', '/other', alice, claimed), { status: 403, arrived: null });
    const { status, arrived } = await ask('GET', '/invoices', bob, claimed);
    assert.equal(status, 200);
    assert.notEqual(arrived?.['x-countersign-subject'], 'u_somebody');
    const posing = { 'x-countersign-gateway': basic(GATEWAY, world.service.secret) };
    assert.deepEqual(await ask('GET', '/invoices', undefined, posing), { status: 401, arrived: null });
  });
  await cases.hold('auth_request lets no other spelling of a path through', async () => {
    for (const path of SPELLINGS) {
      const { status, arrived } = await ask('GET', path, alice);
      assert.ok(status >= 400 && arrived === null, `${path}: ${String(status)}`);
    }
  });
}

function siteOf(world: InteropWorld, applicationPort: number): Site {
  const sample = readFileSync(SAMPLE, 'utf8');
  const http = sample.slice(sample.indexOf('http {') + 'http {'.length, sample.lastIndexOf('}'));
  return {
    listens: 'listen 127.0.0.1:8000',
    http: replaced(http, {
      '127.0.0.1:8080': new URL(world.plain.httpUrl).host,
      '127.0.0.1:3000': `127.0.0.1:${String(applicationPort)}`,
    }),
    files: {
      'countersign-gateway.conf': `proxy_set_header X-Countersign-Gateway "${basic(GATEWAY, world.service.secret)}";`,
    },
  };
}

async function startApplication(): Promise<HttpServer> {
  const application = createServer(({ headers }, response) => {
    response.end(JSON.stringify(headers));
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  return application;
}

/** The path goes out as it is written. */
function send(
  port: number,
  {
    method,
    path,
    headers,
  }: { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string>> },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        const text = Buffer.concat(chunks).toString();
        resolve({ status, arrived: text.startsWith('{') && status === 200 ? (JSON.parse(text) as Answer['arrived']) : null });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
