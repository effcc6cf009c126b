import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import type { FactQuestion, SubjectFacts } from './contract.js';
import { DefaultFactAccess } from './default.fact.access.js';
import { DefaultLiveData } from './default.live-data.js';
import { byIdentity, byKey, identity, rolesOf } from './fixtures/facts.fixture.js';
import {
  assigned,
  between,
  flag,
  granted,
  liveGroup,
  liveSubject,
  liveTenant,
  member,
  subscribed,
} from './fixtures/live.fixture.js';
import type { LiveRecord } from './live-data.contract.js';

const keyOf = ({ subject }: SubjectFacts): string => subject?.key ?? '';
const isOn = ({ flags }: SubjectFacts, key: string): boolean => flags.some((each) => each.key === key && each.enabled);

describeOnEachDatabase('Facts', (open) => {
  let parts: AccessorParts;
  let facts: DefaultFactAccess;
  let live: DefaultLiveData;
  let tenants = 0;
  let tenant: string;
  let tenantId: string;

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    facts = new DefaultFactAccess(parts);
    live = new DefaultLiveData(parts);
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(async () => {
    tenant = `tenant-${(tenants += 1)}`;
    await put(liveTenant(tenant));
    tenantId = (await facts.tenantNamed(CONTEXT, tenant)) ?? '';
  });

  const put = async (...records: LiveRecord[]) => {
    const changes = await live.put(CONTEXT, tenant, records);
    await facts.announceChanges(CONTEXT);
    return changes;
  };
  const read = (question: FactQuestion): Promise<SubjectFacts> => facts.factsOf(CONTEXT, question);
  const ofAna = (groups: readonly string[] = []) => read(byKey(tenantId, 'ana', groups));

  it('tells everything that is stored of a subject and its tenant', async () => {
    const [, , , , assignment, grant] = await put(
      liveTenant(tenant, { boundary: ['billing:**'], attributes: { region: 'emea' } }),
      liveGroup('fin'),
      liveSubject('ana', {
        subjectKind: 'agent',
        status: 'disabled',
        identities: [identity('1'), identity('2')],
        attributes: { level: 3 },
      }),
      member('ana', 'fin', between(10, 20)),
      assigned('subject:ana', 'clerk', {
        unit: 'org.emea',
        condition: { key: 'small', params: { limit: 10 } },
        valid: between(null, 5),
        state: 'eligible',
      }),
      granted('group:fin', ['billing:invoice:read'], {
        resource: { type: 'invoice', ids: ['i1'], path: '/emea/**' },
        valid: between(1, 2),
      }),
      subscribed('pro', { valid: between(1, 2), graceUntil: 3 }),
      flag('new_ui', { valid: between(null, 9) }),
    );
    const found = await ofAna();
    expect(found).toEqual({
      tenantId,
      tenantSlug: tenant,
      tenantStatus: 'active',
      tenantBoundary: ['billing:**'],
      tenantAttributes: { region: 'emea' },
      epoch: expect.any(Number),
      subject: {
        id: expect.any(String),
        key: 'ana',
        kind: 'agent',
        status: 'disabled',
        attributes: { level: 3 },
        primaryIdentity: identity('1'),
      },
      groups: [{ key: 'fin', valid: between(10, 20) }],
      nesting: [],
      assignments: [
        {
          id: assignment?.ref.name,
          group: null,
          role: 'clerk',
          unit: 'org.emea',
          condition: { key: 'small', params: { limit: 10 } },
          valid: between(null, 5),
          state: 'eligible',
        },
      ],
      grants: [
        {
          id: grant?.ref.name,
          group: 'fin',
          role: null,
          permissions: ['billing:invoice:read'],
          resource: { type: 'invoice', ids: ['i1'], path: '/emea/**' },
          unit: null,
          condition: null,
          valid: between(1, 2),
        },
      ],
      subscriptions: [{ tier: 'pro', valid: between(1, 2), graceUntil: 3 }],
      flags: [{ key: 'new_ui', enabled: true, valid: between(null, 9) }],
    });
    expect(await read(byIdentity(tenantId, identity('2')))).toEqual(found);
    expect(await facts.factsOfMany(CONTEXT, tenantId, { after: null, limit: 10 })).toEqual([found]);
  });

  it('tells a boundary that nothing lies within from no boundary', async () => {
    await put(liveSubject('ana'), liveTenant(tenant, { boundary: [] }));
    expect((await ofAna()).tenantBoundary).toEqual([]);
    await put(liveTenant(tenant));
    expect((await ofAna()).tenantBoundary).toBeNull();
  });

  it('lists what has ended, what has not begun and what is the same role again, and leaves out what is revoked', async () => {
    await put(
      liveSubject('ana'),
      assigned('subject:ana', 'ended', { valid: between(null, 1) }),
      assigned('subject:ana', 'future', { valid: between(8_000_000_000_000_000, null) }),
      assigned('subject:ana', 'same', { unit: 'org.a' }),
      assigned('subject:ana', 'same', { unit: 'org.b' }),
      assigned('subject:ana', 'gone', { state: 'revoked' }),
    );
    const { assignments } = await ofAna();
    expect(assignments.map(({ role }) => role).sort()).toEqual(['ended', 'future', 'same', 'same']);
  });

  it('follows groups in groups, each way within the window of its membership', async () => {
    await put(
      ...[liveGroup('top'), liveGroup('mid', ['top']), liveGroup('a', ['mid']), liveGroup('b', ['mid']), liveGroup('other')],
      liveSubject('ana'),
      ...[member('ana', 'a', between(1, 2)), member('ana', 'b', between(3, 4))],
      ...[assigned('group:top', 'chief'), assigned('group:mid', 'clerk'), assigned('group:other', 'stranger')],
    );
    const { groups, assignments } = await ofAna();
    expect(groups.map(({ key, valid }) => `${key} ${valid.from}`).sort()).toEqual([
      'a 1',
      'b 3',
      'mid 1',
      'mid 3',
      'top 1',
      'top 3',
    ]);
    expect(assignments.map(({ group, role }) => `${group} ${role}`).sort()).toEqual(['mid clerk', 'top chief']);
  });

  it('tells of groups that were asked for, and which groups these are in, without making the subject a member', async () => {
    await put(
      ...[liveGroup('top'), liveGroup('mid', ['top']), liveGroup('a', ['mid']), liveGroup('b')],
      liveSubject('ana'),
      ...[
        assigned('group:top', 'chief'),
        assigned('group:a', 'clerk'),
        granted('group:mid', ['x:y']),
        assigned('group:b', 'own'),
      ],
      member('ana', 'b'),
    );
    const asked = await ofAna(['a', "nowhere'--", 'no\u0000thing']);
    expect(asked.groups).toEqual([{ key: 'b', valid: ALWAYS }]);
    expect(asked.nesting.map(({ group, ancestor }) => `${group} ${ancestor}`).sort()).toEqual(['a mid', 'a top']);
    expect(rolesOf(asked)).toEqual(['chief', 'clerk', 'own']);
    expect(asked.grants.map(({ group }) => group)).toEqual(['mid']);
    const nobody = await read(byIdentity(tenantId, identity('nobody'), ['a']));
    expect({ subject: nobody.subject, groups: nobody.groups, roles: rolesOf(nobody) }).toEqual({
      subject: null,
      groups: [],
      roles: ['chief', 'clerk'],
    });
    // Whoever did not ask is not told what somebody else was.
    expect(rolesOf(await ofAna())).toEqual(['own']);
    expect(await ofAna(['a'])).toBe(await ofAna(['a']));
  });

  it('ends where groups are in one another in a circle, which only a hand in the database can make', async () => {
    await put(liveGroup('a'), liveGroup('b', ['a']), liveSubject('ana'), member('ana', 'b'), assigned('group:a', 'clerk'));
    await parts.database.forTenants([tenantId], () =>
      parts.database.query(
        `insert into group_parent (tenant_id, group_id, parent_id)
         select tenant_id, parent_id, group_id from group_parent where tenant_id = $1`,
        [tenantId],
      ),
    );
    const { groups, assignments } = await read(byIdentity(tenantId, identity('ana')));
    expect(groups.map(({ key }) => key).sort()).toEqual(['a', 'b']);
    expect(assignments).toHaveLength(1);
  });

  it('finds by key exactly, and nobody under a text that no key can be', async () => {
    await put(liveSubject('ana'));
    expect((await ofAna()).subject?.key).toBe('ana');
    for (const key of ['Ana', 'ana ', "ana' or true --", 'an\u0000a', '\ud800', '', '%']) {
      expect((await read(byKey(tenantId, key))).subject).toBeNull();
    }
  });

  it('never answers one question with the answer to another', async () => {
    await put(
      liveSubject('ana', { identities: [identity('k1:', 'x')] }),
      liveGroup('a'),
      liveGroup('b'),
      assigned('group:a', 'clerk'),
    );
    const questions = [
      byKey(tenantId, 'ana'),
      byKey(tenantId, 'ana', ['a']),
      byKey(tenantId, 'ana', ['a', 'b']),
      byKey(tenantId, '["a"]ana'),
      byIdentity(tenantId, identity('k1:', 'x')),
      byIdentity(tenantId, identity('1:', 'xk')),
      byIdentity(tenantId, identity('k1:', 'x'), ['a']),
    ];
    const answers = [];
    for (const question of questions) answers.push(await read(question));
    expect(new Set(answers).size).toBe(questions.length);
    for (const [index, question] of questions.entries()) expect(await read(question)).toBe(answers[index]);
  });

  it('answers nothing under another spelling of the tenant, for its changes would not be heard of', async () => {
    await put(liveSubject('ana'), assigned('subject:ana', 'clerk'));
    for (const spelt of [
      tenantId.toUpperCase(),
      `{${tenantId}}`,
      tenantId.replaceAll('-', ''),
      `${tenantId} `,
      '',
      "' or true --",
    ]) {
      expect(await read(byKey(spelt, 'ana'))).toMatchObject({ tenantStatus: 'suspended', subject: null, assignments: [] });
      expect(await facts.factsOfMany(CONTEXT, spelt, { after: null, limit: 10 })).toEqual([]);
    }
  });

  it('turns a flag on for a part of the subjects: always the same, more with a higher part, others with another flag', async () => {
    const names = Array.from({ length: 400 }, (_, number) => `user-${number}`);
    await put(...names.map((name) => liveSubject(name)));
    const having = async (key: string, rolloutPercent: number): Promise<Set<string>> => {
      await put(flag(key, { rolloutPercent }));
      const all = await facts.factsOfMany(CONTEXT, tenantId, { after: null, limit: 1_000 });
      const on = all.filter((found) => isOn(found, key));
      return new Set(on.map(keyOf));
    };
    const [none, some, more, all] = [await having('a', 0), await having('a', 30), await having('a', 60), await having('a', 100)];
    expect([none.size, all.size]).toEqual([0, 400]);
    expect(some.size).toBeGreaterThan(80);
    expect(some.size).toBeLessThan(160);
    expect([...some].every((name) => more.has(name))).toBe(true);
    expect(more.size).toBeGreaterThan(some.size);
    expect(await having('a', 30)).toEqual(some);
    expect(await having('b', 30)).not.toEqual(some);
    await put(flag('a', { rolloutPercent: 30, enabled: false }));
    expect(isOn(await read(byKey(tenantId, [...some].join().split(',', 1).join())), 'a')).toBe(false);
  });

  it('turns a flag on for somebody who is not registered as it will be when they are', async () => {
    await put(flag('a', { rolloutPercent: 50 }));
    const on = async (name: string) => (await read(byIdentity(tenantId, identity(name)))).flags[0]?.enabled;
    const names = Array.from({ length: 20 }, (_, number) => `late-${number}`);
    const before = [];
    for (const name of names) before.push(await on(name));
    await put(...names.map((name) => liveSubject(name)));
    const after = [];
    for (const name of names) after.push(await on(name));
    expect(after).toEqual(before);
    expect(new Set(after).size).toBe(2);
  });

  it('answers many page by page, everybody once, in the order of their ids', async () => {
    const names = Array.from({ length: 25 }, (_, number) => `user-${number}`);
    await put(liveGroup('g'), assigned('group:g', 'clerk'), ...names.flatMap((name) => [liveSubject(name), member(name, 'g')]));
    const found: SubjectFacts[] = [];
    for (let after: string | null = null; ;) {
      const page = await facts.factsOfMany(CONTEXT, tenantId, { after, limit: 10 });
      if (page.length === 0) break;
      found.push(...page);
      after = page.at(-1)?.subject?.id ?? null;
    }
    const keys = found.map(keyOf);
    expect(keys.toSorted()).toEqual(names.sort());
    const ids = found.map(({ subject }) => subject?.id);
    expect(ids).toEqual(ids.toSorted());
    // Everybody in a group has the same assignments of it.
    expect(new Set(found.slice(0, 10).map(({ assignments }) => assignments[0])).size).toBe(1);
    for (const each of found.slice(0, 5)) expect(await read(byKey(tenantId, keyOf(each)))).toEqual(each);
  });

  it('shows each kind of change once it is announced', async () => {
    const records = [
      liveTenant(tenant, { attributes: { region: 'emea' } }),
      liveGroup('b', []),
      liveGroup('a', ['b']),
      liveSubject('ana', { attributes: { level: 2 } }),
      member('ana', 'a', between(1, 2)),
      granted('group:b', ['x:y']),
      subscribed('pro'),
      flag('f'),
    ];
    await put(liveGroup('a'), liveSubject('ana'), member('ana', 'a'));
    let before = await ofAna();
    for (const record of records) {
      await put(record);
      const after = await ofAna();
      expect(after).not.toBe(before);
      expect(after.epoch).toBeGreaterThan(before.epoch);
      before = after;
    }
  });

  it('names a tenant once it is there, without asking again, and nothing that is not there', async () => {
    const other = `${tenant}-late`;
    for (const name of [other, other.toUpperCase(), `${other}\u0000`, '\ud800', "' or true --"]) {
      expect(await facts.tenantNamed(CONTEXT, name)).toBeUndefined();
    }
    await put(liveTenant(other));
    const id = await facts.tenantNamed(CONTEXT, other);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const before = parts.database.statements;
    expect(await facts.tenantNamed(CONTEXT, other)).toBe(id);
    expect(parts.database.statements).toBe(before);
    expect(await facts.tenantNamed(CONTEXT, other.toUpperCase())).toBeUndefined();
  });

  it('forgets the name of a tenant whose making was rolled back', async () => {
    const other = `${tenant}-ghost`;
    const inside = parts.unitOfWork.run(async () => {
      await live.put(CONTEXT, tenant, [liveTenant(other)]);
      expect(await facts.tenantNamed(CONTEXT, other)).toBeDefined();
      throw new Error('rolled back');
    });
    await expect(inside).rejects.toThrow('rolled back');
    expect(await facts.tenantNamed(CONTEXT, other)).toBeUndefined();
  });

  it('takes external facts for unavailable where there are no sources, and nothing wanted for answered', async () => {
    const wanted = [{ source: 'hr', path: 'subject.department' }];
    const { values, unavailable, validUntil } = await facts.externalFacts(CONTEXT, byKey(tenantId, 'ana'), wanted);
    expect([[...values], [...unavailable], validUntil]).toEqual([[], ['subject.department'], null]);
    expect((await facts.externalFacts(CONTEXT, byKey(tenantId, 'ana'), [])).unavailable.size).toBe(0);
  });
});
