import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import type { AssignmentRecord } from './contract.js';
import { DefaultFactAccess } from './default.fact.access.js';
import { byIdentity, identity, rolesOf, subject } from './fixtures/facts.fixture.js';

const MANY = 10_000;

describeOnEachDatabase('Registration of facts', (open) => {
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
    await facts.registerGroup(CONTEXT, { tenant, key: 'fin' });
  });

  const epoch = async (): Promise<string | undefined> => {
    const [row] = await parts.database.query<{ epoch: string }>('select epoch from data_epoch where tenant_id = $1', [tenantId]);
    return row?.epoch;
  };
  const role = (key: string, state: 'active' | 'revoked' = 'active'): AssignmentRecord => ({
    tenant,
    principal: { type: 'subject', key },
    role: 'clerk',
    state,
  });

  it('tells created, updated and unchanged apart, in the order of the input', async () => {
    expect(await facts.registerSubjects(CONTEXT, [subject(tenant, 'a'), subject(tenant, 'b'), subject(tenant, 'c')])).toEqual([
      'created',
      'created',
      'created',
    ]);
    const again = [
      subject(tenant, 'c', { groups: ['fin'] }),
      subject(tenant, 'new'),
      subject(tenant, 'a'),
      subject(tenant, 'b', { status: 'disabled' }),
    ];
    expect(await facts.registerSubjects(CONTEXT, again)).toEqual(['updated', 'created', 'unchanged', 'updated']);
    expect(await facts.assignRoles(CONTEXT, [role('a'), role('b')])).toEqual(['created', 'created']);
    expect(await facts.assignRoles(CONTEXT, [role('b', 'revoked'), role('a')])).toEqual(['updated', 'unchanged']);
  });

  it('touches no row and no epoch when everything is as it should be', async () => {
    const subjects = [subject(tenant, 'a', { groups: ['fin'] }), subject(tenant, 'b', { kind: 'workload' })];
    const everything = async () => [
      (await facts.registerTenant(CONTEXT, { slug: tenant, status: 'active' })).outcome,
      await facts.registerGroup(CONTEXT, { tenant, key: 'fin' }),
      ...(await facts.registerSubjects(CONTEXT, subjects)),
      ...(await facts.assignRoles(CONTEXT, [role('a')])),
    ];
    await everything();
    const before = await epoch();
    expect(await everything()).toEqual(Array(5).fill('unchanged'));
    expect(await epoch()).toBe(before);
  });

  it('takes the order of identities as the state: the first is the primary one', async () => {
    const first = identity('1');
    const second = identity('2');
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'a', { identities: [first, second] })]);
    expect(await facts.registerSubjects(CONTEXT, [subject(tenant, 'a', { identities: [second] })])).toEqual(['updated']);
    await facts.announceChanges(CONTEXT);
    expect((await facts.factsOf(CONTEXT, byIdentity(tenantId, second))).subject?.primaryIdentity).toEqual(second);
    expect((await facts.factsOf(CONTEXT, byIdentity(tenantId, first))).subject).toBeNull();
  });

  it('moves an identity from one subject to another, in one import', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'a'), subject(tenant, 'b')]);
    const swapped = [
      subject(tenant, 'a', { identities: [identity('b')] }),
      subject(tenant, 'b', { identities: [identity('a')] }),
    ];
    expect(await facts.registerSubjects(CONTEXT, swapped)).toEqual(['updated', 'updated']);
  });

  it.each([
    ['an unknown tenant', () => [subject('nowhere', 'a')], 'tenant nowhere is not there'],
    ['an unknown group', () => [subject(tenant, 'a', { groups: ['hr'] })], /^group .*\/hr is not there$/],
    ['a subject listed twice', () => [subject(tenant, 'a'), subject(tenant, 'a')], /listed twice/],
    [
      'an identity of two subjects',
      () => [subject(tenant, 'a'), subject(tenant, 'b', { identities: [identity('a')] })],
      /^identity a of oidc:https:\/\/idp.test is listed for/,
    ],
    [
      'an identity that belongs to somebody else',
      () => [subject(tenant, 'new', { identities: [identity('taken')] })],
      'identity taken of oidc:https://idp.test belongs to subject owner',
    ],
    ['a subject without an identity', () => [subject(tenant, 'a', { identities: [] })], /has no identity/],
  ])('refuses %s, and changes nothing', async (_what, subjects, actual) => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'owner', { identities: [identity('taken')] })]);
    const before = await epoch();
    const refused = facts.registerSubjects(CONTEXT, [subject(tenant, 'innocent'), ...subjects()]);
    await expect(refused).rejects.toMatchObject({ code: 'IMPORT_INVALID', details: { actual: expect.stringMatching(actual) } });
    expect(await epoch()).toBe(before);
  });

  it('refuses assignments to principals that are not there, and repeats', async () => {
    await facts.registerSubjects(CONTEXT, [subject(tenant, 'a')]);
    await expect(facts.assignRoles(CONTEXT, [role('a'), role('ghost')])).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    await expect(facts.assignRoles(CONTEXT, [role('a'), role('a', 'revoked')])).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    await expect(facts.registerGroup(CONTEXT, { tenant: 'nowhere', key: 'x' })).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });

  it('registers ten thousand subjects and assignments, and finds them unchanged', async () => {
    const names = Array.from({ length: MANY }, (_, number) => `user-${number}`);
    const subjects = names.map((name) => subject(tenant, name, { groups: ['fin'] }));
    const assignments = names.map((name) => role(name));
    expect(new Set(await facts.registerSubjects(CONTEXT, subjects))).toEqual(new Set(['created']));
    expect(new Set(await facts.assignRoles(CONTEXT, assignments))).toEqual(new Set(['created']));
    const before = await epoch();
    expect(new Set(await facts.registerSubjects(CONTEXT, subjects))).toEqual(new Set(['unchanged']));
    expect(new Set(await facts.assignRoles(CONTEXT, assignments))).toEqual(new Set(['unchanged']));
    expect(await epoch()).toBe(before);
    await facts.announceChanges(CONTEXT);
    expect(rolesOf(await facts.factsOf(CONTEXT, byIdentity(tenantId, identity('user-77'))))).toEqual(['clerk']);
  });
});
