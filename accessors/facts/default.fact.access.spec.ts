import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { DefaultFactAccess } from './default.fact.access.js';
import { byIdentity, identity, rolesOf, subject } from './fixtures/facts.fixture.js';

describeOnEachDatabase('FactAccess', (open) => {
  let parts: AccessorParts;
  let facts: DefaultFactAccess;
  let tenants = 0;
  let tenant: string;
  let tenantId: string;

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    facts = new DefaultFactAccess(parts);
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(async () => {
    tenant = `tenant-${(tenants += 1)}`;
    tenantId = (await facts.registerTenant(CONTEXT, { slug: tenant, status: 'active' })).id;
  });

  const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = parts.database.statements;
    await work();
    return parts.database.statements - before;
  };

  it('tells that nobody is registered under an unknown identity, which is not an error', async () => {
    const unknown = await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('nobody')));
    expect(unknown).toMatchObject({ subject: null, groups: [], assignments: [], grants: [], tenantStatus: 'active' });
  });

  it('gives nobody anything in a tenant that is not there', async () => {
    const unknown = await facts.factsOf(CONTEXT, byIdentity('11111111-1111-4111-8111-111111111111', identity('alice')));
    expect(unknown).toMatchObject({ subject: null, groups: [], assignments: [], grants: [], tenantStatus: 'suspended' });
  });

  it('answers the subject, its first identity, and the roles it has directly and through groups', async () => {
    await facts.registerGroup(CONTEXT, { tenant, key: 'fin' });
    await facts.registerSubjects(CONTEXT, [
      subject(tenant, 'alice', { identities: [identity('first'), identity('second')], groups: ['fin'] }),
    ]);
    await facts.assignRoles(CONTEXT, [
      { tenant, principal: { type: 'subject', key: 'alice' }, role: 'viewer', state: 'active' },
      { tenant, principal: { type: 'group', key: 'fin' }, role: 'clerk', state: 'active' },
      { tenant, principal: { type: 'group', key: 'fin' }, role: 'viewer', state: 'active' },
      { tenant, principal: { type: 'subject', key: 'alice' }, role: 'owner', state: 'revoked' },
    ]);
    const answer = await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('second')));
    expect(rolesOf(answer)).toEqual(['clerk', 'viewer']);
    expect(answer.subject).toMatchObject({ status: 'active', primaryIdentity: identity('first') });
  });

  it('reads in one round trip, and a repeated call reads nothing and answers the same object', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice')]);
    await facts.announceChanges(CONTEXT);
    expect(await statementsOf(() => facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice'))))).toBe(1);
    const first = await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')));
    expect(await statementsOf(() => facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice'))))).toBe(0);
    expect(await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')))).toBe(first);
  });

  it('shares one read among callers of one moment', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice')]);
    const calls = (): Promise<unknown> =>
      Promise.all([1, 2, 3].map(() => facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')))));
    expect(await statementsOf(calls)).toBe(1);
  });

  it('shows a changed assignment, group, status and tenant once they are announced', async () => {
    await facts.registerGroup(CONTEXT, { tenant, key: 'fin' });
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice')]);
    const now = async () => {
      await facts.announceChanges(CONTEXT);
      return facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')));
    };
    expect(rolesOf(await now())).toEqual([]);
    await facts.assignRoles(CONTEXT, [{ tenant, principal: { type: 'group', key: 'fin' }, role: 'clerk', state: 'active' }]);
    expect(rolesOf(await now())).toEqual([]);
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice', { groups: ['fin'] })]);
    expect(rolesOf(await now())).toEqual(['clerk']);
    await facts.assignRoles(CONTEXT, [{ tenant, principal: { type: 'group', key: 'fin' }, role: 'clerk', state: 'revoked' }]);
    expect(rolesOf(await now())).toEqual([]);
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice', { status: 'disabled' })]);
    expect((await now()).subject?.status).toBe('disabled');
    await facts.registerTenant(CONTEXT, { slug: tenant, status: 'suspended' });
    expect((await now()).tenantStatus).toBe('suspended');
  });

  it('keeps tenants apart: the same identity is somebody else in each', async () => {
    const other = await facts.registerTenant(CONTEXT, { slug: `${tenant}-other`, status: 'active' });
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice'), subject(`${tenant}-other`, 'alice')]);
    await facts.assignRoles(CONTEXT, [{ tenant, principal: { type: 'subject', key: 'alice' }, role: 'clerk', state: 'active' }]);
    await facts.announceChanges(CONTEXT);
    const here = await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')));
    const there = await facts.factsOf(CONTEXT, byIdentity(other.id, identity('alice')));
    expect([rolesOf(here), rolesOf(there)]).toEqual([['clerk'], []]);
    expect(here.subject?.id).not.toBe(there.subject?.id);
  });

  it('never takes one identity for another whose parts only join to the same text', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice', { identities: [identity('b:c', 'oidc:a')] })]);
    await facts.announceChanges(CONTEXT);
    expect((await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('b:c', 'oidc:a')))).subject).not.toBeNull();
    expect((await facts.factsOf(CONTEXT, byIdentity(tenantId, identity(':c', 'oidc:ab')))).subject).toBeNull();
  });

  it('finds nobody under an id that the database would store as another one', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'odd', { identities: [identity('\ufffd')] })]);
    expect((await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('\ufffd')))).subject).not.toBeNull();
    for (const altered of ['\ud800', '\udc00', 'alice\u0000']) {
      expect((await facts.factsOf(CONTEXT, byIdentity(tenantId, identity(altered)))).subject).toBeNull();
    }
  });

  it('asks the database again when the epochs were not confirmed for five minutes', async () => {
    const clock = new ManualClock();
    const mine = await accessorParts(parts.unitOfWork, clock);
    const access = new DefaultFactAccess(mine);
    await access.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')));
    const before = mine.database.statements;
    clock.advance(5 * 60_000);
    await access.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')));
    expect(mine.database.statements).toBe(before);
    clock.advance(1);
    await access.factsOf(CONTEXT, byIdentity(tenantId, identity('alice')));
    expect(mine.database.statements).toBe(before + 1);
    await mine.changeFeed.stop();
  });

  it('keeps nothing that was read inside a unit of work, which may be rolled back', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'alice')]);
    const inside = parts.unitOfWork.run(async () => {
      await facts.assignRoles(CONTEXT, [
        { tenant, principal: { type: 'subject', key: 'alice' }, role: 'ghost', state: 'active' },
      ]);
      expect(rolesOf(await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice'))))).toEqual(['ghost']);
      throw new Error('rolled back');
    });
    await expect(inside).rejects.toThrow('rolled back');
    // The next commit gets the very epoch number that the roll-back gave up.
    await facts.assignRoles(CONTEXT, [{ tenant, principal: { type: 'subject', key: 'alice' }, role: 'clerk', state: 'active' }]);
    await facts.announceChanges(CONTEXT);
    expect(rolesOf(await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('alice'))))).toEqual(['clerk']);
  });
});

describeOnPostgres('FactAccess in two processes', (open) => {
  it('shows in one process what the other changed and announced', async () => {
    const test = await open();
    const writer = await accessorParts(test.database);
    const reader = await accessorParts(await test.reopen());
    const writing = new DefaultFactAccess(writer);
    const reading = new DefaultFactAccess(reader);
    const { id } = await writing.registerTenant(CONTEXT, { slug: 'acme', status: 'active' });
    await writing.registerSubjects(CONTEXT, [subject('acme', 'alice')]);
    await writing.announceChanges(CONTEXT);
    const roles = async () => rolesOf(await reading.factsOf(CONTEXT, byIdentity(id, identity('alice'))));
    await until(
      'the reader knows of the subject',
      async () => (await reading.factsOf(CONTEXT, byIdentity(id, identity('alice')))).subject !== null,
    );
    expect(await roles()).toEqual([]);
    // The writer reads its own change first: what it knows by that, the others still have to be told.
    await writing.assignRoles(CONTEXT, [
      { tenant: 'acme', principal: { type: 'subject', key: 'alice' }, role: 'clerk', state: 'active' },
    ]);
    await writing.factsOf(CONTEXT, byIdentity(id, identity('bob')));
    await writing.announceChanges(CONTEXT);
    await until('the reader sees the role', async () => (await roles()).length === 1);
    await writer.changeFeed.stop();
    await reader.changeFeed.stop();
  });
});
