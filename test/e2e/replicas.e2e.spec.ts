import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import type { Host } from '#clients/host.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

describeOnPostgres('Several processes on one database', (open) => {
  let service: TestService;
  let second: Host;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    second = await service.another();
  }, 60_000);
  afterAll(() => service.stop());

  const exchange = (host: Host, persona: 'alice' | 'bob' = 'alice'): ReturnType<typeof post> =>
    post(host, exchangeForm(service.identityProvider.issue({ persona }), { audience: SAMPLE_AUDIENCE }), {
      authorization: basic(PORTAL_CLIENT_ID, service.secret),
    });

  it('sign with the same key and name subjects alike', async () => {
    const [one, two] = await Promise.all([exchange(service.host), exchange(second)]);
    const [first, other] = [String(one.body['access_token']), String(two.body['access_token'])];
    expect(decodeProtectedHeader(first).kid).toBe(decodeProtectedHeader(other).kid);
    expect(decodeJwt(first).sub).toBe(decodeJwt(other).sub);
  });

  it('all see a disabled subject within 2 s (promised propagation)', async () => {
    expect((await exchange(second, 'bob')).status).toBe(200);
    await service.apply({
      apiVersion: 'countersign/v1',
      assignments: [{ tenant: 'acme', principal: 'subject:bob', role: 'viewer', state: 'revoked' }],
    });
    await expectWithin(2_000, async () => (await exchange(second, 'bob')).body['code'] === 'PERMISSION_NONE');
  });

  it('all see a disabled client within 2 s (promised propagation)', async () => {
    expect((await exchange(second)).status).toBe(200);
    await service.apply({
      apiVersion: 'countersign/v1',
      clients: [{ clientId: PORTAL_CLIENT_ID, status: 'disabled', secretSha256: [], presents: {}, targets: [] }],
    });
    await expectWithin(2_000, async () => (await exchange(second)).status === 401);
  });

  it('leave a client disabled when a file that does not speak of it is imported again', async () => {
    const document = sampleDocument(service.identityProvider.cloud, createHash('sha256').update(service.secret).digest('hex'));
    await service.apply(document);
    expect((await exchange(service.host)).status).toBe(401);
    expect((await exchange(second)).status).toBe(401);
  });
});

async function expectWithin(milliseconds: number, happened: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) if (await happened()) return;
  expect(await happened()).toBe(true);
}
