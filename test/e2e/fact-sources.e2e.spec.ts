import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FactSourceSettings } from '#utilities/config/contract.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { JsonEndpoint } from '../support/json-endpoint.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const APPROVE = 'billing:invoice:approve';

describe('An exchange under a policy that reads a fact from elsewhere', () => {
  let service: TestService;
  let level = 1;
  let beta = true;
  const endpoint = new JsonEndpoint(() => ({ body: { values: { 'subject.level': level, 'flag.beta': beta } } }));
  beforeAll(async () => {
    const source: FactSourceSettings = {
      name: 'hr',
      kind: 'http',
      url: await endpoint.start(),
      bearerFile: null,
      timeoutMs: 2_000,
      cacheSeconds: 0,
      validSeconds: 900,
    };
    service = await startService({ database: { kind: 'embedded', directory: null }, settings: { factSources: [source] } });
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
      policies: [
        {
          tenant: 'acme',
          attributes: { subject: { level: { type: 'int', source: 'hr' } }, flag: { beta: { type: 'bool', source: 'hr' } } },
          gates: [{ id: 'reports', permissions: ['billing:report:read'], flags: ['beta'] }],
          roles: { approver: { grants: [APPROVE] }, viewer: { grants: ['billing:*:read'] } },
          bindings: [
            { id: 'everybody', principal: 'all', role: 'viewer' },
            { id: 'seniors', principal: 'all', role: 'approver', when: 'subject.level >= 3' },
          ],
          denies: [{ id: 'no-reports', principals: ['all'], permissions: ['billing:report:read'], when: 'subject.level > 9' }],
        },
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await endpoint.stop();
  });

  async function scope(): Promise<string> {
    const form = exchangeForm(service.identityProvider.issue({ persona: 'alice' }), { audience: SAMPLE_AUDIENCE });
    const { body } = await post(service.host, form, { authorization: basic(PORTAL_CLIENT_ID, service.secret) });
    return String(body['scope'] ?? body['code']);
  }

  it('grants by what the source says at the moment', async () => {
    expect(await scope()).toBe('billing:invoice:read billing:report:read');
    level = 3;
    expect(await scope()).toBe(`${APPROVE} billing:invoice:read billing:report:read`);
    level = 10;
    expect(await scope()).toBe(`${APPROVE} billing:invoice:read`);
  });

  it('grants nothing by it while the source is away, and denies by it', async () => {
    level = 3;
    const { port } = endpoint;
    await endpoint.stop();
    expect(await scope()).toBe('billing:invoice:read');
    await endpoint.start(port);
    expect(await scope()).toBe(`${APPROVE} billing:invoice:read billing:report:read`);
  });

  it('opens a gate by a flag that it tells, and no longer than it tells it', async () => {
    beta = false;
    expect(await scope()).toBe(`${APPROVE} billing:invoice:read`);
    beta = true;
    expect(await scope()).toBe(`${APPROVE} billing:invoice:read billing:report:read`);
  });

  it('takes a value of another type for none', async () => {
    level = 'high' as unknown as number;
    expect(await scope()).toBe('billing:invoice:read');
    level = 3;
  });
});
