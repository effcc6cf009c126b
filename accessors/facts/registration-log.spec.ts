import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import type { AssignmentRecord } from './contract.js';
import { DefaultFactAccess } from './default.fact.access.js';
import { DefaultLiveData } from './default.live-data.js';
import { subject } from './fixtures/facts.fixture.js';

describeOnEachDatabase('The change log of what an import writes', (open) => {
  let parts: AccessorParts;
  let facts: DefaultFactAccess;
  let live: DefaultLiveData;
  const tenant = 'acme';
  const OPERATOR = { ...CONTEXT, operator: 'u_olga' };

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    facts = new DefaultFactAccess(parts);
    live = new DefaultLiveData(parts);
  });
  afterAll(() => parts.changeFeed.stop());

  const role = (key: string, state: AssignmentRecord['state']): AssignmentRecord => ({
    tenant,
    principal: { type: 'subject', key },
    role: 'clerk',
    state,
  });
  let told = 0;
  /** What was entered since it was asked last, oldest first. */
  const news = async () => {
    const { items } = await live.changes(CONTEXT, tenant, { about: null, after: null, limit: 1000 });
    const fresh = items.filter(({ number }) => number > told).reverse();
    told = Math.max(told, ...items.map(({ number }) => number));
    return fresh.map(({ by, change: { ref, outcome, before, after } }) => ({ by, ...ref, outcome, before, after }));
  };

  it('has every row that it makes', async () => {
    await facts.registerTenant(OPERATOR, { slug: tenant, status: 'active' });
    await facts.registerGroup(OPERATOR, { tenant, key: 'fin' });
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'ana', { groups: ['fin'] }), subject(tenant, 'bo')]);
    await facts.assignRoles(CONTEXT, [role('ana', 'active')]);
    const entries = await news();
    const made = { outcome: 'created', before: null };
    expect(entries).toEqual([
      { by: 'u_olga', kind: 'tenant', name: tenant, ...made, after: expect.objectContaining({ slug: tenant, status: 'active' }) },
      { by: 'u_olga', kind: 'group', name: 'fin', ...made, after: expect.objectContaining({ key: 'fin' }) },
      { by: CONTEXT.transport, kind: 'subject', name: 'ana', ...made, after: expect.objectContaining({ status: 'active' }) },
      { by: CONTEXT.transport, kind: 'subject', name: 'bo', ...made, after: expect.objectContaining({ key: 'bo' }) },
      {
        by: CONTEXT.transport,
        kind: 'membership',
        name: 'ana/fin',
        ...made,
        after: expect.objectContaining({ subject: 'ana', group: 'fin' }),
      },
      {
        by: CONTEXT.transport,
        kind: 'assignment',
        name: expect.any(String),
        ...made,
        after: expect.objectContaining({ role: 'clerk', state: 'active' }),
      },
    ]);
  });

  it('has nothing for what is as it should be', async () => {
    await facts.registerTenant(CONTEXT, { slug: tenant, status: null });
    await facts.registerGroup(CONTEXT, { tenant, key: 'fin' });
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'ana', { groups: ['fin'] }), subject(tenant, 'bo')]);
    await facts.assignRoles(CONTEXT, [role('ana', 'active')]);
    expect(await news()).toEqual([]);
  });

  it('has what it was before: somebody disabled, out of a group, without a role; a tenant suspended', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'ana', { status: 'disabled' }), subject(tenant, 'bo')]);
    await facts.assignRoles(CONTEXT, [role('ana', 'revoked')]);
    await facts.registerTenant(CONTEXT, { slug: tenant, status: 'suspended' });
    expect(await news()).toMatchObject([
      { kind: 'subject', name: 'ana', outcome: 'updated', before: { status: 'active' }, after: { status: 'disabled' } },
      { kind: 'membership', name: 'ana/fin', outcome: 'removed', before: { group: 'fin' }, after: null },
      { kind: 'assignment', outcome: 'updated', before: { state: 'active' }, after: { state: 'revoked' } },
      { kind: 'tenant', name: tenant, outcome: 'updated', before: { status: 'active' }, after: { status: 'suspended' } },
    ]);
  });

  it('has nothing of what was rolled back', async () => {
    const undone = parts.unitOfWork.run(async () => {
      await facts.registerSubjects(CONTEXT, [subject(tenant, 'cy')]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await news()).toEqual([]);
  });
});
