import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PolicyStore } from '#accessors/policy/policy-store.contract.js';
import { PostgresPolicyStore } from '#accessors/policy/stores/postgres.policy-store.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { MemoryPolicyStore } from '../../examples/memory-policy-store/memory.policy-store.js';
import { accessorParts } from '../support/accessor-parts.js';
import { describeOnEachDatabase } from '../support/database.js';
import { policyStoreConformance, type PolicyStoreSubject } from './policy-store.conformance.js';

const clock = new SystemClock();
const ids = new CryptoIdSource({ clock });

function memory(fault: (good: MemoryPolicyStore) => Partial<PolicyStore> = () => ({})): PolicyStoreSubject {
  const tenants = Array.from({ length: 4 }, () => ids.random());
  const good = new MemoryPolicyStore(tenants, () => clock.now());
  const store: PolicyStore = {
    inForce: (tenantId, have) => good.inForce(tenantId, have),
    ensureVersion: (version) => good.ensureVersion(version),
    version: (tenantId, set, sequence) => good.version(tenantId, set, sequence),
    versions: (tenantId, set) => good.versions(tenantId, set),
    activations: (tenantId) => good.activations(tenantId),
    activate: (order) => good.activate(order),
    savePlan: (plan) => good.savePlan(plan),
    plan: (id) => good.plan(id),
    approvePlan: (id, by) => good.approvePlan(id, by),
    ...fault(good),
  };
  return { store, newTenant: async () => tenants.pop() ?? '' };
}

describeOnEachDatabase('PolicyStore in the database of the service', (open) => {
  let subject: PolicyStoreSubject | undefined;
  beforeAll(async () => {
    const parts = await accessorParts((await open()).database);
    await parts.changeFeed.stop();
    const newTenant = async () => {
      const id = ids.ordered();
      const insert = 'insert into tenant (id, slug) values ($1, $2)';
      await parts.database.forTenants([id], () => parts.database.query(insert, [id, id]));
      return id;
    };
    subject = { store: new PostgresPolicyStore(parts), newTenant };
  }, 60_000);
  const opened = async (): Promise<PolicyStoreSubject> => {
    if (subject === undefined) throw new Error('the store is not open');
    return subject;
  };
  it.each(policyStoreConformance(opened))('$name', ({ check }) => check());
});

describe('PolicyStore in memory', () => {
  it.each(policyStoreConformance(async () => memory()))('$name', ({ check }) => check());
});

describe('The kit of policy stores', () => {
  const faults: readonly [string, (good: MemoryPolicyStore) => Partial<PolicyStore>][] = [
    [
      'forgets who and why',
      (good) => ({ ensureVersion: (version) => good.ensureVersion({ ...version, author: '', message: '' }) }),
    ],
    [
      'keeps the same content twice',
      (good) => ({
        ensureVersion: (version) =>
          good.ensureVersion({ ...version, sha256: Buffer.from(ids.random().replaceAll('-', '').repeat(2), 'hex') }),
      }),
    ],
    [
      'does not look at the base',
      (good) => ({ activate: async (order) => good.activate({ ...order, expected: await newest(good, order.tenantId) }) }),
    ],
    ['always sends the document', (good) => ({ inForce: (tenantId) => good.inForce(tenantId, []) })],
    [
      'never ends a trial',
      (good) => ({
        inForce: async (tenantId, have) => ({
          ...(await good.inForce(tenantId, have)),
          shadow: await lastShadow(good, tenantId),
        }),
      }),
    ],
    ['lets a trial count', (good) => ({ activate: (order) => good.activate({ ...order, mode: 'enforce' }) })],
    ['mixes sets up', (good) => ({ ensureVersion: (version) => good.ensureVersion({ ...version, set: 'main' }) })],
    [
      'lets a second one approve',
      (good) => ({ approvePlan: async (id, by) => (await good.approvePlan(id, by)) ?? good.plan(id) }),
    ],
    ['rounds plans', (good) => ({ savePlan: (plan) => good.savePlan({ ...plan, report: {} }) })],
    [
      'lists oldest first',
      (good) => ({ versions: async (tenantId, set) => [...(await good.versions(tenantId, set))].reverse() }),
    ],
    ['answers the same for every tenant', (good) => ({ activations: () => good.activations(onlyTenant(good)) })],
  ];

  it.each(faults)('catches a store that %s', async (_what, fault) => {
    const outcomes = await Promise.allSettled(policyStoreConformance(async () => memory(fault)).map(({ check }) => check()));
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  });
});

async function newest(store: PolicyStore, tenantId: string): Promise<number> {
  return (await store.inForce(tenantId, [])).enforced?.activation ?? 0;
}

async function lastShadow(store: PolicyStore, tenantId: string) {
  const shadow = (await store.activations(tenantId)).find(({ mode }) => mode === 'shadow');
  if (shadow === undefined) return null;
  const { set, sequence, number } = shadow;
  return { id: 'x', activation: number, set, sequence, document: undefined, share: 1 };
}

function onlyTenant(_store: PolicyStore): string {
  return '';
}
