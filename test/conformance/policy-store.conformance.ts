import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { PolicyActivationOrder } from '#accessors/policy/contract.js';
import type { PolicyStore, StoredVersion } from '#accessors/policy/policy-store.contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';

/** One rule of the contract. `check` rejects when the store breaks it. Runs under any test runner. */
export interface PolicyStoreRule {
  readonly name: string;
  readonly check: () => Promise<void>;
}

/** A store, and a way to make the id of one more tenant that it knows. */
export interface PolicyStoreSubject {
  readonly store: PolicyStore;
  readonly newTenant: () => Promise<string>;
}

type Check = (subject: PolicyStoreSubject & { readonly tenant: string }) => Promise<void>;

const NOWHERE = '00000000-0000-4000-8000-00000000dead';

/** The rules as data. `open` answers the store that they all share. */
export function policyStoreConformance(open: () => Promise<PolicyStoreSubject>): readonly PolicyStoreRule[] {
  return Object.entries(RULES).map(([name, check]) => ({
    name,
    check: async () => {
      const subject = await open();
      await check({ ...subject, tenant: await subject.newTenant() });
    },
  }));
}

function content(mark: string): { readonly json: string; readonly sha256: Buffer } {
  const json = JSON.stringify({ roles: [{ key: mark, inherits: [], grants: [`app:${mark}:read`], exclude: [] }], mappings: [] });
  return { json, sha256: createHash('sha256').update(json).digest() };
}

const add = (store: PolicyStore, tenantId: string, mark: string, set = 'main'): Promise<StoredVersion> =>
  store.ensureVersion({ tenantId, set, ...content(mark), author: 'olga', message: `adds ${mark}` });

function order(tenantId: string, sequence: number, more: Partial<PolicyActivationOrder> = {}): PolicyActivationOrder {
  return { tenantId, set: 'main', sequence, mode: 'enforce', expected: 0, by: 'olga', reason: 'a reason', planId: null, ...more };
}

async function refusedWith(code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => isCodedError(error) && error.code === code, `expected ${code}`);
}

const RULES: Readonly<Record<string, Check>> = {
  'numbers versions of a set from 1, with who and why, and keeps the document whole': async ({ store, tenant }) => {
    const [one, two] = [await add(store, tenant, 'a'), await add(store, tenant, 'b')];
    const { createdAt, ...record } = two.record;
    const sha256 = content('b').sha256.toString('hex');
    assert.deepEqual(record, { set: 'main', sequence: 2, sha256, author: 'olga', message: 'adds b' });
    assert.ok(createdAt > 0);
    assert.notEqual(one.id, two.id);
    assert.deepEqual(await store.version(tenant, 'main', 2), two);
    assert.deepEqual(two.document, JSON.parse(content('b').json));
    assert.deepEqual(
      (await store.versions(tenant, 'main')).map(({ sequence }) => sequence),
      [2, 1],
    );
  },
  'keeps what says the same once in a set, and apart in another set': async ({ store, tenant }) => {
    const one = await add(store, tenant, 'a');
    await add(store, tenant, 'b');
    assert.deepEqual(await add(store, tenant, 'a'), one);
    assert.notEqual((await add(store, tenant, 'a', 'trial')).id, one.id);
    assert.equal((await store.versions(tenant, 'main')).length, 2);
  },
  'never changes a version, whoever holds what it answered': async ({ store, tenant }) => {
    const version = await add(store, tenant, 'a');
    (version.document as { roles: unknown[] }).roles.length = 0;
    assert.deepEqual((await store.version(tenant, 'main', 1))?.document, JSON.parse(content('a').json));
  },
  'gives no number twice when two write at a time': async ({ store, tenant }) => {
    await Promise.all(['a', 'b', 'c', 'd', 'a'].map((mark) => add(store, tenant, mark)));
    assert.deepEqual(
      (await store.versions(tenant, 'main')).map(({ sequence }) => sequence),
      [4, 3, 2, 1],
    );
  },
  'enforces nothing at first, then the newest activation that enforces': async ({ store, tenant }) => {
    assert.deepEqual((await store.inForce(tenant, [])).enforced, null);
    for (const mark of ['a', 'b']) await add(store, tenant, mark);
    await store.activate(order(tenant, 2));
    assert.deepEqual((await store.inForce(tenant, [])).enforced?.document, JSON.parse(content('b').json));
    await store.activate(order(tenant, 1, { expected: 1 }));
    const { enforced } = await store.inForce(tenant, []);
    assert.deepEqual([enforced?.sequence, enforced?.activation, enforced?.set], [1, 2, 'main']);
  },
  'leaves out the document of a version that the caller has': async ({ store, tenant }) => {
    const { id } = await add(store, tenant, 'a');
    await store.activate(order(tenant, 1));
    const { enforced } = await store.inForce(tenant, [id]);
    assert.deepEqual([enforced?.id, enforced?.document], [id, undefined]);
  },
  'refuses an activation on another base than the one that counts, and adds nothing': async ({ store, tenant }) => {
    for (const mark of ['a', 'b']) await add(store, tenant, mark);
    await store.activate(order(tenant, 1));
    await refusedWith('POLICY_CHANGED', store.activate(order(tenant, 2)));
    await refusedWith('POLICY_CHANGED', store.activate(order(tenant, 2, { expected: 7 })));
    await refusedWith('POLICY_CHANGED', store.activate(order(tenant, 2, { mode: 'shadow', share: 1 })));
    assert.equal((await store.activations(tenant)).length, 1);
  },
  'lets one of several through that expect the same base': async ({ store, tenant }) => {
    for (const mark of ['a', 'b', 'c']) await add(store, tenant, mark);
    const outcomes = await Promise.allSettled([1, 2, 3].map((sequence) => store.activate(order(tenant, sequence))));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual(
      (await store.activations(tenant)).map(({ number }) => number),
      [1],
    );
  },
  'refuses a version that is not there': async ({ store, tenant }) => {
    await refusedWith('POLICY_UNKNOWN', store.activate(order(tenant, 1)));
    assert.equal(await store.version(tenant, 'main', 1), undefined);
    await refusedWith('POLICY_UNKNOWN', add(store, NOWHERE, 'a'));
  },
  'tries a version out beside the one in force until it is ended or something else is enforced': async ({ store, tenant }) => {
    for (const mark of ['a', 'b']) await add(store, tenant, mark);
    await store.activate(order(tenant, 1));
    const trying = order(tenant, 2, { mode: 'shadow', share: 0.25, expected: 1 });
    await store.activate(trying);
    const { enforced, shadow } = await store.inForce(tenant, []);
    assert.deepEqual([enforced?.sequence, shadow?.sequence, shadow?.share], [1, 2, 0.25]);
    await store.activate({ ...trying, mode: 'shadow-end' });
    assert.equal((await store.inForce(tenant, [])).shadow, null);
    await store.activate(trying);
    await store.activate(order(tenant, 1, { expected: 1 }));
    assert.equal((await store.inForce(tenant, [])).shadow, null);
  },
  'tells who activated what, why and by which plan, newest first': async ({ store, tenant }) => {
    await add(store, tenant, 'a');
    const answered = await store.activate(order(tenant, 1, { by: 'otto', reason: 'because' }));
    const { at, ...rest } = answered;
    assert.ok(at > 0);
    const said = {
      number: 1,
      set: 'main',
      sequence: 1,
      mode: 'enforce',
      share: null,
      by: 'otto',
      reason: 'because',
      planId: null,
    };
    assert.deepEqual(rest, said);
    assert.deepEqual(await store.activations(tenant), [answered]);
  },
  'keeps tenants apart': async ({ store, tenant, newTenant }) => {
    const other = await newTenant();
    await add(store, tenant, 'a');
    await store.activate(order(tenant, 1));
    assert.deepEqual([await store.versions(other, 'main'), await store.activations(other)], [[], []]);
    assert.equal((await store.inForce(other, [])).enforced, null);
    assert.equal((await add(store, other, 'b')).record.sequence, 1);
  },
  'keeps a plan as it was made, and notes the first who agrees': async ({ store, tenant }) => {
    const report = { refusals: [], nested: { at: 1.5, text: 'ä', none: null } };
    const made = { tenantId: tenant, set: 'main', base: 0, candidate: 1, epoch: 7, createdBy: 'olga', report };
    const plan = await store.savePlan(made);
    const { id, createdAt, ...rest } = plan;
    assert.ok(createdAt > 0);
    assert.deepEqual(rest, { ...made, approvedBy: null });
    assert.deepEqual(await store.plan(id), plan);
    assert.deepEqual(await store.approvePlan(id, 'otto'), { ...plan, approvedBy: 'otto' });
    assert.equal(await store.approvePlan(id, 'anna'), undefined);
    assert.equal((await store.plan(id))?.approvedBy, 'otto');
    assert.deepEqual([await store.plan('nonsense'), await store.approvePlan(NOWHERE, 'otto')], [undefined, undefined]);
  },
};
