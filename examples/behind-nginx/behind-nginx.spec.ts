import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startService, type TestService } from '../../test/support/service.js';
import type { Chain } from '../three-services/chain.js';
import { registrations } from '../three-services/registrations.js';
import { startBehindNginx, whyNoNginx } from './nginx.js';

const missing = whyNoNginx();
if (missing !== undefined) console.info(`skipped: ${missing}`);

(missing === undefined ? describe : describe.skip)('Three services behind nginx', () => {
  let service: TestService;
  let chain: Chain;
  const told: string[] = [];

  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    await service.apply(registrations(service.identityProvider.cloud, digest));
    chain = await startBehindNginx({ issuer: service.settings.issuer, secret: service.secret, tell: (line) => told.push(line) });
  }, 60_000);
  afterAll(async () => {
    await chain.stop();
    await service.stop();
  });
  beforeEach(() => {
    told.length = 0;
  });

  const alice = (): Record<string, string> => ({
    authorization: `Bearer ${service.identityProvider.issue({ persona: 'alice', version: 2 })}`,
  });
  /** With the path as it is written. */
  const ask = (path: string, headers: Record<string, string>, method = 'GET'): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(chain.front);
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
    const { status, body } = await ask('/orders/7', alice());
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
    expect((await ask(path, headers())).status).toBe(status);
    expect(told).toEqual([]);
  });
});
