import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PersonaName } from '#devkit/entra-issuer/personas.js';
import { startBehindNginx, whyNoNginx } from '../behind-nginx/nginx.js';
import { startService, type TestService } from '../../test/support/service.js';
import { type Chain, startChain } from './chain.js';
import { registrations } from './registrations.js';

let service: TestService;
let chain: Chain;
const told: string[] = [];

beforeAll(async () => {
  service = await startService({ database: { kind: 'embedded', directory: null } });
  const digest = createHash('sha256').update(service.secret).digest('hex');
  await service.apply(registrations(service.identityProvider.cloud, digest));
  chain = await startChain({ issuer: service.settings.issuer, secret: service.secret, tell: (line) => told.push(line) });
}, 60_000);
afterAll(async () => {
  await chain.stop();
  await service.stop();
});
beforeEach(() => {
  told.length = 0;
});

const ask = async (
  persona: PersonaName | null,
  path = '/orders/7',
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const token = persona === null ? null : service.identityProvider.issue({ persona, version: 2 });
  const response = await fetch(`${chain.front}${path}`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('A call through three services', () => {
  it('is made for the same subject everywhere, with one more actor at each of them', async () => {
    expect(await ask('alice')).toEqual({ status: 200, body: { order: '7', invoice: 'invoice-of-7', actorsAtBilling: 2 } });
    const [orders = '', billing = ''] = told;
    expect(told).toHaveLength(2);
    const seen = (line: string): readonly (string | undefined)[] => [
      /sub (\S+)/.exec(line)?.[1],
      / act ([^·]+) ·/.exec(line)?.[1],
    ];
    const [[subject, front], [subjectAtBilling, actors]] = [seen(orders), seen(billing)];
    expect(subject).toMatch(/^u_/);
    expect(subjectAtBilling).toBe(subject);
    expect(front).toMatch(/^c_\S+$/);
    // The current actor first; front is there for the record.
    expect(actors).toMatch(/^c_\S+ ← c_\S+$/);
    expect(actors?.endsWith(` ← ${front ?? ''}`)).toBe(true);
  });

  it('gets at each hop what its ceiling lets through, though the subject may do more', async () => {
    await ask('alice');
    expect(told.map((line) => line.split(' · ').at(-1))).toEqual([
      'orders:order:read (scope orders:order:read)',
      'billing:invoice:read (scope billing:invoice:read)',
    ]);
  });

  it('is refused at the first of them where nobody signed in, or somebody without rights there', async () => {
    expect(await ask(null)).toEqual({ status: 401, body: { error: 'missing_token' } });
    expect(await ask('svc-billing')).toMatchObject({ status: 401 });
    expect(told).toEqual([]);
  });
});

const missing = whyNoNginx();
if (missing !== undefined) console.info(`skipped: ${missing}`);

(missing === undefined ? describe : describe.skip)('Three services behind nginx', () => {
  let behind: Chain;

  beforeAll(async () => {
    const tell = (line: string) => told.push(line);
    behind = await startBehindNginx({ issuer: service.settings.issuer, secret: service.secret, tell });
  }, 60_000);
  afterAll(() => behind.stop());

  const alice = (): Record<string, string> => ({
    authorization: `Bearer ${service.identityProvider.issue({ persona: 'alice', version: 2 })}`,
  });
  /** With the path as it is written. */
  const send = (path: string, headers: Record<string, string>, method = 'GET'): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(behind.front);
      request({ hostname, port, path, method, headers, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body });
        });
      })
        .on('error', reject)
        .end();
    });

  it('are called for the subject, over REST and gRPC', async () => {
    const { status, body } = await send('/orders/7', alice());
    expect([status, JSON.parse(body)]).toEqual([200, { order: '7', invoice: 'invoice-of-7', actorsAtBilling: 2 }]);
    expect(told).toHaveLength(2);
  });

  it.each([
    ['nobody', '/orders/7', () => ({}), 401],
    ['somebody with a bad token', '/orders/7', () => ({ authorization: 'Bearer a.b.c' }), 401],
    ['alice where no route is', '/invoices', alice, 403],
    ['alice by a path that is another one behind', '/orders/../invoices', alice, 403],
    ['alice by an escaped path', '/orders%2f7', alice, 403],
    ['alice who says what she asks for', '/invoices', () => ({ ...alice(), 'x-original-uri': '/orders/7' }), 403],
    ['alice who says it in another way', '/invoices', () => ({ ...alice(), 'x-forwarded-uri': '/orders/7' }), 403],
    ['nobody who claims to be the edge', '/orders/7', () => ({ 'x-countersign-gateway': 'Basic eDp5' }), 401],
  ])('are not reached by %s', async (_who, path, headers, status) => {
    expect((await send(path, headers())).status).toBe(status);
    expect(told).toEqual([]);
  });
});
