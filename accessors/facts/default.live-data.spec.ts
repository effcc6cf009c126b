import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import { DefaultLiveData } from './default.live-data.js';
import { identity } from './fixtures/facts.fixture.js';
import {
  assigned,
  between,
  flag,
  granted,
  liveGroup,
  liveSubject,
  liveTenant,
  member,
  PAGE,
  subscribed,
} from './fixtures/live.fixture.js';
import type { LiveKind, LiveRecord } from './live-data.contract.js';

const OPERATOR = { ...CONTEXT, operator: 'u_anna' };

describeOnEachDatabase('LiveData', (open) => {
  let parts: AccessorParts;
  let live: DefaultLiveData;
  let tenants = 0;
  let tenant: string;

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    live = new DefaultLiveData(parts);
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(async () => {
    tenant = `tenant-${(tenants += 1)}`;
    await live.put(OPERATOR, tenant, [liveTenant(tenant)]);
  });

  const put = (...records: LiveRecord[]) => live.put(OPERATOR, tenant, records);
  const outcomes = async (...records: LiveRecord[]) => (await put(...records)).map(({ outcome }) => outcome);
  const listed = async (kind: LiveKind, about: string | null = null) =>
    (await live.list(CONTEXT, tenant, { ...PAGE, kind, about })).items;
  const log = async () => (await live.changes(CONTEXT, tenant, { ...PAGE, about: null })).items;
  const epoch = async (): Promise<unknown> =>
    parts.database.query('select epoch from data_epoch join tenants_by_slug($1) as t on t.id = tenant_id', [[tenant]]);
  const refused = async (records: readonly LiveRecord[], ...faults: (string | RegExp)[]) => {
    const [entries, before] = [await log(), await epoch()];
    const failed = await live.put(OPERATOR, tenant, records).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'LIVE_DATA_INVALID' });
    const actual = (failed as { details: { actual: string } }).details.actual.split('\n');
    expect(actual).toEqual(faults.map((fault) => (typeof fault === 'string' ? fault : expect.stringMatching(fault))));
    expect(await log()).toEqual(entries);
    expect(await epoch()).toEqual(before);
  };

  /** One of each kind; what they are about is there before. */
  const everything = (): LiveRecord[] => [
    liveTenant(tenant, { boundary: ['billing:**'], attributes: { region: 'emea', seats: 7 } }),
    liveGroup('fin', ['all']),
    liveGroup('all'),
    liveSubject('ana', {
      identities: [identity('a1'), identity('a2')],
      attributes: { department: 'fin', tags: ['x', { y: null }] },
    }),
    member('ana', 'fin', between(1_000, 2_000)),
    assigned('subject:ana', 'clerk', {
      unit: 'org.emea',
      condition: { key: 'small', params: { limit: 10 } },
      valid: between(null, 5),
    }),
    assigned('group:fin', 'clerk', { state: 'eligible' }),
    granted('subject:ana', ['billing:invoice:read'], { resource: { type: 'invoice', ids: ['i1', 'i2'], path: '/emea/**' } }),
    granted('group:fin', [], { role: 'approver', unit: 'org', condition: { key: 'small', params: {} } }),
    subscribed('pro', { valid: between(-5, 8_640_000_000_000_000), graceUntil: 9 }),
    flag('new_ui', { enabled: false, rolloutPercent: 30, valid: between(0, 1) }),
  ];

  it('stores what it is told, and tells it again to the letter', async () => {
    const changes = await put(...everything());
    expect(changes.map(({ outcome }) => outcome)).toEqual(['updated', ...Array<string>(10).fill('created')]);
    for (const [index, record] of everything().entries()) {
      const { ref, after } = changes[index]!;
      expect(after).toEqual('id' in record ? { ...record, id: ref.name } : record);
      expect(await live.get(CONTEXT, tenant, ref)).toEqual(after);
      if (ref.kind !== 'tenant') expect(await listed(ref.kind)).toContainEqual(after);
    }
  });

  it('touches no row, no epoch and no log when everything is as it should be, also without the ids', async () => {
    await put(...everything());
    const [before, entries] = [await epoch(), await log()];
    expect(new Set(await outcomes(...everything()))).toEqual(new Set(['unchanged']));
    expect(await epoch()).toEqual(before);
    expect(await log()).toEqual(entries);
  });

  it('takes lists without an order, and members in any order, as what they mean', async () => {
    await put(
      liveGroup('a'),
      liveGroup('b'),
      liveGroup('c', ['b', 'a']),
      liveSubject('ana', { attributes: { x: -0, y: { a: 1, b: 2 } } }),
    );
    await put(granted('subject:ana', ['x:y', 'a:b'], { condition: { key: 'c', params: { p: 1, q: 2 } } }));
    expect(
      await outcomes(
        liveGroup('c', ['a', 'b', 'a']),
        liveSubject('ana', { attributes: { y: { b: 2, a: 1 }, x: 0 } }),
        granted('subject:ana', ['a:b', 'x:y'], { condition: { key: 'c', params: { q: 2, p: 1 } } }),
      ),
    ).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  it('writes down who changed what, from what to what, newest first and page by page', async () => {
    await put(liveSubject('ana'));
    await put(liveSubject('ana', { status: 'disabled' }), liveSubject('bo'));
    const first = await live.changes(CONTEXT, tenant, { about: null, after: null, limit: 2 });
    expect(first.items.map(({ change: { ref, outcome } }) => `${ref.name} ${outcome}`)).toEqual(['bo created', 'ana updated']);
    expect(first.items[1]).toMatchObject({
      by: 'u_anna',
      change: { before: liveSubject('ana'), after: liveSubject('ana', { status: 'disabled' }) },
    });
    const rest = await live.changes(CONTEXT, tenant, { about: null, after: first.next, limit: 2 });
    expect(rest.items.map(({ change }) => change.ref.name)).toEqual(['ana', tenant]);
    expect(rest.items[0]!.at).toBeGreaterThan(1_700_000_000_000);
    expect(rest.items[0]!.number).toBeLessThan(first.items[1]!.number);
    const about = await live.changes(CONTEXT, tenant, { ...PAGE, about: { kind: 'subject', name: 'bo' } });
    expect(about.items).toHaveLength(1);
  });

  it('lets nobody change the log, not even a row of it', async () => {
    await put(liveSubject('ana'));
    const [{ id } = { id: '' }] = await parts.database.query<{ id: string }>('select id from tenants_by_slug($1)', [[tenant]]);
    for (const attempt of [
      'update change_log set changed_by = $2 where tenant_id = $1',
      'delete from change_log where tenant_id = $1',
    ]) {
      const tried = parts.database.forTenants([id], () =>
        parts.database.query(attempt, attempt.includes('$2') ? [id, 'nobody'] : [id]),
      );
      await expect(tried).rejects.toThrow(/append-only|permission denied/);
    }
  });

  it('leaves no entry behind when the caller rolls back', async () => {
    const before = await log();
    const inside = parts.unitOfWork.run(async () => {
      await put(liveSubject('ana'));
      expect(await log()).toHaveLength(before.length + 1);
      throw new Error('rolled back');
    });
    await expect(inside).rejects.toThrow('rolled back');
    expect(await log()).toEqual(before);
    expect(await listed('subject')).toEqual([]);
  });

  it('lists every fault of every record, and changes nothing', async () => {
    await put(liveSubject('ana'), liveGroup('fin'));
    await refused(
      [
        liveSubject('good'),
        member('ghost', 'nowhere'),
        assigned('group:nowhere', 'clerk'),
        member('ana', 'fin', between(2, 1)),
        member('ana', 'fin', between(2, 2)),
        liveSubject('bo', { identities: [identity('ana')] }),
        liveSubject('cy', { identities: [] }),
        liveSubject('a/b'),
        flag('f', { rolloutPercent: 101 }),
        assigned('subject:ana', 'clerk', { id: '11111111-1111-4111-8111-111111111111' }),
        assigned('subject:ana', 'clerk', { id: 'x', unit: 'org..emea' }),
        granted('subject:ana', ['a:b'], { role: 'clerk' }),
        granted('subject:ana', []),
        liveGroup('own', ['own']),
        liveSubject('good'),
        subscribed('pro', { graceUntil: Number.NaN }),
      ],
      'records[3]: valid: it ends before it begins',
      'records[4]: valid: it ends before it begins',
      'records[6]: subject cy has no identity',
      /^records\[7\]: key: expected letters/,
      'records[8]: rolloutPercent: expected 0 to 100',
      'records[10]: id: there is no x',
      /^records\[10\]: unit: expected segments/,
      'records[11]: expected either a role or permissions',
      'records[12]: expected either a role or permissions',
      'records[13]: group own would be inside itself',
      'records[15]: graceUntil: expected Unix milliseconds',
      'records[1]: subject ghost is not there',
      'records[1]: group nowhere is not there',
      'records[2]: group nowhere is not there',
      'records[14]: is about the same subject as records[0]',
      /^records\[14\]: identity good of .* is listed for good too$/,
      /^records\[5\]: identity ana of .* belongs to subject ana$/,
      'records[9]: id: there is no assignment 11111111-1111-4111-8111-111111111111',
    );
  });

  it.each([
    ['\ud800', 'a lone surrogate'],
    ['a\u0000b', 'a NUL'],
  ])('refuses %j in any place, for the database would store something else: %s', async (text) => {
    await put(liveSubject('ana'));
    await refused([liveSubject(`k${text}`, { identities: [identity('k')] })], /key/);
    await refused([liveSubject('bo', { identities: [identity(text)] })], /identities/);
    await refused([liveSubject('bo', { identities: [identity('x', text)] })], /identities/);
    await refused([liveSubject('bo', { attributes: { x: [text] } })], /attributes/);
    await refused([liveSubject('bo', { attributes: { [text]: 1 } })], /attributes/);
    await refused([granted('subject:ana', [`a:${text}`])], /permissions/);
    await refused([granted('subject:ana', ['a:b'], { resource: { type: 't', ids: [text], path: null } })], /resource/);
    await refused([liveTenant(`t${text}`)], /slug/);
    await refused([member(`x${text}`, 'fin')], /subject/, /group/);
    await expect(live.put(OPERATOR, `t${text}`, [liveSubject('ana')])).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
    await expect(live.get(CONTEXT, tenant, { kind: 'subject', name: text })).rejects.toMatchObject({ code: 'LIVE_DATA_UNKNOWN' });
    await expect(live.remove(CONTEXT, tenant, [{ kind: 'membership', name: `ana/${text}` }])).rejects.toMatchObject({
      code: 'LIVE_DATA_UNKNOWN',
    });
  });

  it('stores quotes and other odd characters of identities and attributes as they are', async () => {
    const odd = `'; drop table subject; --"\\u0000{}$1%_`;
    await put(liveSubject('odd', { identities: [identity(odd, odd)], attributes: { [odd]: odd, '': '\ufffd\u{1f600}' } }));
    const [stored] = await listed('subject');
    expect(stored).toMatchObject({ identities: [identity(odd, odd)], attributes: { [odd]: odd, '': '\ufffd\u{1f600}' } });
  });

  it('refuses attributes that nobody could look through', async () => {
    let deep: LiveRecord & { kind: 'subject' } = liveSubject('ana', { attributes: { x: 1 } });
    for (let level = 0; level < 9; level += 1) deep = { ...deep, attributes: { x: deep.attributes } };
    await refused([deep], /attributes: expected JSON, at most 8 levels deep/);
    await refused([liveSubject('bo', { attributes: { x: 'y'.repeat(17_000) } })], /attributes: expected at most 16384/);
    await refused([liveSubject('bo', { attributes: JSON.parse('{"__proto__": 1}') })], /attributes/);
    await refused([liveSubject('bo', { attributes: { x: Number.POSITIVE_INFINITY } })], /attributes/);
  });

  it('moves an identity between subjects that change together, and otherwise not', async () => {
    await put(liveSubject('a'), liveSubject('b'));
    await put(liveSubject('a', { identities: [identity('b')] }), liveSubject('b', { identities: [identity('a')] }));
    expect(await live.get(CONTEXT, tenant, { kind: 'subject', name: 'a' })).toMatchObject({ identities: [identity('b')] });
    await refused([liveSubject('c', { identities: [identity('a')] })], /belongs to subject b$/);
  });

  it('keeps several assignments of one role apart, and changes the one that is named', async () => {
    const changes = await put(
      liveSubject('ana'),
      assigned('subject:ana', 'clerk', { unit: 'org.emea' }),
      assigned('subject:ana', 'clerk', { unit: 'org.apac' }),
      assigned('subject:ana', 'clerk'),
    );
    const name = changes[1]!.ref.name;
    await put(assigned('subject:ana', 'clerk', { id: name, unit: 'org.emea.ch', state: 'revoked' }));
    const units = (await listed('assignment', 'subject:ana')).map((record) => record.kind === 'assignment' && record.unit);
    expect(new Set(units)).toEqual(new Set(['org.apac', 'org.emea.ch', null]));
    await refused([assigned('subject:ana', 'clerk', { id: name, unit: 'org.apac' })], /says the same$/);
    await refused(
      [assigned('subject:ana', 'x'), assigned('subject:ana', 'x', { state: 'eligible' })],
      /says the same as records\[0\]$/,
    );
  });

  it('refuses a tenant that is not there, also one that differs in case or is somebody else to read', async () => {
    for (const name of ['nowhere', tenant.toUpperCase(), '', `${tenant}' or true --`]) {
      await expect(live.put(OPERATOR, name, [liveSubject('ana')])).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
      await expect(live.list(CONTEXT, name, { ...PAGE, kind: 'subject', about: null })).rejects.toMatchObject({
        code: 'LIVE_DATA_UNKNOWN',
      });
    }
    const other = `${tenant}-b`;
    await live.put(OPERATOR, other, [liveTenant(other), liveSubject('theirs')]);
    await refused([assigned('subject:theirs', 'clerk')], 'records[0]: subject theirs is not there');
    expect(await listed('subject')).toEqual([]);
    const [id] = (await live.put(OPERATOR, other, [assigned('subject:theirs', 'clerk')])).map(({ ref }) => ref.name);
    await expect(live.get(CONTEXT, tenant, { kind: 'assignment', name: id! })).rejects.toMatchObject({
      code: 'LIVE_DATA_UNKNOWN',
    });
    await expect(live.remove(CONTEXT, tenant, [{ kind: 'assignment', name: id! }])).rejects.toMatchObject({
      code: 'LIVE_DATA_UNKNOWN',
    });
  });

  it('never suspends the tenant that operators belong to', async () => {
    await refused([liveTenant('platform', { status: 'suspended' })], 'records[0]: tenant platform cannot be suspended');
  });

  it('lists tenants by the beginning of their names, page by page', async () => {
    const names = ['zz-1', 'zz-2', 'zz-3'].map((name) => `${name}-${tenant}`);
    await live.put(
      OPERATOR,
      tenant,
      names.map((name) => liveTenant(name)),
    );
    const first = await live.list(CONTEXT, '', { kind: 'tenant', about: 'zz-', after: null, limit: 2 });
    const second = await live.list(CONTEXT, '', { kind: 'tenant', about: 'zz-', after: first.next, limit: 2 });
    const found = [...first.items, ...second.items].map((record) => record.kind === 'tenant' && record.slug);
    expect(found).toEqual(expect.arrayContaining(names));
    expect(found).toEqual(found.toSorted());
  });

  it('lists what concerns one subject or group, or begins with a text, page by page', async () => {
    await put(liveGroup('fin'), liveGroup('hr'), liveSubject('ana'), liveSubject('anton'), liveSubject('bo'));
    await put(member('ana', 'fin'), member('ana', 'hr'), member('anton', 'fin'), member('bo', 'fin'));
    await put(assigned('subject:ana', 'clerk'), assigned('group:fin', 'chief'), granted('group:fin', ['x:y']));
    const names = async (kind: LiveKind, about: string | null, limit = 2): Promise<string[]> => {
      const found: string[] = [];
      for (let after: string | null = null; ;) {
        const { items, next }: Awaited<ReturnType<typeof live.list>> = await live.list(CONTEXT, tenant, {
          kind,
          about,
          after,
          limit,
        });
        for (const item of items) found.push(item.kind === 'membership' ? `${item.subject}/${item.group}` : item.kind);
        if (next === null) return found;
        after = next;
      }
    };
    expect(await names('membership', null)).toEqual(['ana/fin', 'ana/hr', 'anton/fin', 'bo/fin']);
    expect(await names('membership', 'group:fin', 1)).toEqual(['ana/fin', 'anton/fin', 'bo/fin']);
    expect(await names('membership', 'subject:ana')).toEqual(['ana/fin', 'ana/hr']);
    expect(await names('membership', 'an')).toEqual(['ana/fin', 'ana/hr', 'anton/fin']);
    expect(await names('subject', 'an', 1)).toEqual(['subject', 'subject']);
    expect(await names('subject', 'an%')).toEqual([]);
    expect([(await names('assignment', 'group:fin')).length, (await names('assignment', null, 1)).length]).toEqual([1, 2]);
    expect([(await names('grant', 'group:fin')).length, (await names('grant', 'subject:ana')).length]).toEqual([1, 0]);
    for (const about of ['subject:nobody', 'group:nobody', 'subject:Ana']) {
      expect([await names('membership', about), await names('assignment', about)]).toEqual([[], []]);
    }
  });

  it('refuses places in a list that no answer told', async () => {
    for (const kind of ['membership', 'assignment', 'grant', 'subscription', 'subject'] as const) {
      const query = { kind, about: null, after: "'\u0000", limit: 1 };
      await expect(live.list(CONTEXT, tenant, query)).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
    }
    const changes = live.changes(CONTEXT, tenant, { about: null, after: '1 or true', limit: 1 });
    await expect(changes).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
    const text = live.list(CONTEXT, tenant, { ...PAGE, kind: 'subject', about: '\u0000' });
    await expect(text).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
  });

  it('refuses pages that are too large or empty', async () => {
    for (const limit of [0, 1_001, 1.5, Number.NaN]) {
      const query = { kind: 'subject', about: null, after: null, limit } as const;
      await expect(live.list(CONTEXT, tenant, query)).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
    }
  });
});
