import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PersonaName } from '#devkit/entra-issuer/personas.js';
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
