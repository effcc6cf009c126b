import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { DefaultLiveData } from './default.live-data.js';
import { DefaultSubjectSearch } from './default.subject-search.js';
import { assigned, between, granted, liveGroup, liveSubject, liveTenant, member, PAGE } from './fixtures/live.fixture.js';
import type { LiveRecord } from './live-data.contract.js';
import type { HolderQuestion } from './subject-search.contract.js';

const PEOPLE = ['ana', 'bo', 'cy', 'di', 'ed', 'fi', 'gus', 'hal'];

describeOnEachDatabase('A search for those who hold something', (open) => {
  let parts: AccessorParts;
  let live: DefaultLiveData;
  let search: DefaultSubjectSearch;
  const ids = new Map<string, string>();

  const put = (...records: LiveRecord[]) => live.put(CONTEXT, 'acme', records);
  const found = async (asked: Partial<HolderQuestion>, tenant = 'acme'): Promise<string[]> => {
    const nothing = { everybody: false, roles: [], subjects: [], groups: [], patterns: [], after: null, limit: 100 };
    const question = { tenantId: ids.get(tenant) ?? '', ...nothing, resource: { type: 'invoice', id: 'i1' }, ...asked };
    return (await search.candidates(CONTEXT, question)).map(({ key }) => key);
  };

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    live = new DefaultLiveData(parts);
    search = new DefaultSubjectSearch(parts);
    for (const slug of ['acme', 'globex']) {
      await live.put(CONTEXT, slug, [liveTenant(slug)]);
      await live.put(CONTEXT, slug, [...PEOPLE.map((key) => liveSubject(key)), assigned('subject:ana', 'clerk')]);
      const [row] = await parts.database.query<{ id: string }>('select id from tenants_by_slug(array[$1])', [slug]);
      ids.set(slug, row?.id ?? '');
    }
    await put(
      ...[liveGroup('top'), liveGroup('middle', ['top']), liveGroup('low', ['middle']), liveGroup('else')],
      ...[member('bo', 'low'), member('cy', 'middle', between(1, 2)), member('di', 'else')],
      ...[assigned('group:top', 'boss'), assigned('subject:ed', 'boss', { unit: 'org.emea', valid: between(1, 2) })],
      ...[assigned('subject:fi', 'boss', { state: 'eligible' }), assigned('subject:gus', 'boss', { state: 'revoked' })],
      granted('subject:ana', ['billing:invoice:read'], { resource: { type: 'invoice', ids: ['i1', 'i2'], path: null } }),
      granted('subject:bo', ['**:read'], { resource: { type: 'invoice', ids: null, path: '/emea/**' } }),
      granted('group:else', ['billing:invoice:pay'], { resource: { type: 'invoice', ids: ['i2'], path: null } }),
      granted('subject:hal', [], { role: 'clerk', resource: { type: 'report', ids: ['i1'], path: null } }),
    );
  });
  afterAll(() => parts.changeFeed.stop());

  it('finds the holders of a role, over groups in groups, whatever else limits it', async () => {
    expect(await found({ roles: ['boss'] })).toEqual(['bo', 'cy', 'ed']);
    expect(await found({ roles: ['clerk'] })).toEqual(['ana']);
    expect(await found({ roles: ['boss', 'clerk', 'no-such'] })).toEqual(['ana', 'bo', 'cy', 'ed']);
  });

  it('finds those whom grants on the very resource or its type are for', async () => {
    expect(await found({ patterns: ['billing:invoice:read', '**:read'] })).toEqual(['ana', 'bo']);
    expect(await found({ patterns: ['billing:invoice:pay'] })).toEqual([]);
    expect(await found({ patterns: ['billing:invoice:pay'], resource: { type: 'invoice', id: 'i2' } })).toEqual(['di']);
    expect(await found({ roles: ['clerk'], resource: { type: 'report', id: 'i1' } })).toEqual(['ana', 'hal']);
    expect(await found({ patterns: ['**:read'], resource: { type: 'invoice', id: 'i\u0000' } })).toEqual([]);
  });

  it('finds those who are named, by themselves or as a group, and everybody', async () => {
    expect(await found({ subjects: ['gus', 'no-such'], groups: ['middle'] })).toEqual(['bo', 'cy', 'gus']);
    expect(await found({ everybody: true })).toEqual(PEOPLE);
    expect(await found({})).toEqual([]);
  });

  it('goes on after whom it found, in one order, each once', async () => {
    const asked = { roles: ['boss', 'clerk'], subjects: ['ana', 'hal'], groups: ['low'] };
    const all = await found(asked);
    const pages: string[] = [];
    for (let after: string | null = null; ;) {
      const nothing = { everybody: false, patterns: [], resource: { type: 'invoice', id: 'i1' } };
      const page = await search.candidates(CONTEXT, { tenantId: ids.get('acme') ?? '', ...nothing, ...asked, after, limit: 2 });
      pages.push(...page.map(({ key }) => key));
      if (page.length < 2) break;
      after = page.at(-1)?.id ?? null;
    }
    expect(pages).toEqual(all);
    expect(await found({ everybody: true, limit: 3 })).toEqual(PEOPLE.slice(0, 3));
  });

  it('knows a grant as it is now, and none that is gone', async () => {
    const resource = { type: 'dossier', ids: ['d1'], path: null };
    const about = { patterns: ['x:y:z'], resource: { type: 'dossier', id: 'd1' } };
    const [change] = await put(granted('subject:ana', ['x:y:z'], { resource }));
    const id = change?.ref.name ?? '';
    expect(await found(about)).toEqual(['ana']);
    await put(granted('subject:bo', ['x:y:z'], { id, resource: { ...resource, ids: ['d2'] } }));
    expect(await found(about)).toEqual([]);
    expect(await found({ ...about, resource: { type: 'dossier', id: 'd2' } })).toEqual(['bo']);
    await live.remove(CONTEXT, 'acme', [{ kind: 'grant', name: id }]);
    expect(await found({ ...about, resource: { type: 'dossier', id: 'd2' } })).toEqual([]);
    expect((await live.list(CONTEXT, 'acme', { ...PAGE, kind: 'grant', about: null })).items).toHaveLength(4);
  });

  it('finds nobody of another tenant', async () => {
    expect(await found({ roles: ['boss'] }, 'globex')).toEqual([]);
    expect(await found({ roles: ['clerk'] }, 'globex')).toEqual(['ana']);
    expect(await found({ patterns: ['**:read'] }, 'globex')).toEqual([]);
  });
});

const TENANT = '018f0000-0000-7000-8000-000000000001';
const MANY = 4_000;
const id = (prefix: string, value: string): string =>
  `('${prefix}0000-0000-7000-8000-' || lpad(to_hex(${value}), 12, '0'))::uuid`;
const FILL = [
  `insert into tenant (id, slug) values ('${TENANT}', 'large')`,
  `insert into subject (tenant_id, id, key, kind) select '${TENANT}', ${id('018f', 'n')}, 'user-' || n, 'user' from generate_series(1, ${MANY}) as n`,
  `insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key)
   select '${TENANT}', gen_random_uuid(), 'subject', ${id('018f', 'n')}, case when n % 400 = 0 then 'rare' else 'common' end
   from generate_series(1, ${MANY}) as n`,
  `insert into resource_grant (tenant_id, id, principal_type, principal_id, permissions, resource_type, resource_ids)
   select '${TENANT}', gen_random_uuid(), 'subject', ${id('018f', 'n')}, '{x:y}', 'invoice', array['i' || n] from generate_series(1, ${MANY}) as n`,
];

describeOnPostgres('The cost of a search', (open) => {
  it('follows those who hold it, found by indexes, among four thousand subjects', async () => {
    const parts = await accessorParts((await open()).database);
    const search = new DefaultSubjectSearch(parts);
    await parts.database.forTenants([TENANT], async () => {
      for (const statement of FILL) await parts.database.query(statement);
    });
    type Rows = { readonly sequential: number; readonly indexed: number };
    const rows = async (): Promise<Rows> => {
      const [sum] = await parts.database.query<Rows>(`
        select sum(seq_tup_read)::integer as sequential, sum(coalesce(idx_tup_fetch, 0))::integer as indexed
        from pg_stat_xact_user_tables where relname <> 'data_epoch'`);
      return sum ?? { sequential: 0, indexed: 0 };
    };
    const nobody = { everybody: false, subjects: [], groups: [], tenantId: TENANT, after: null };
    for (const [asked, holders] of [
      [{ roles: ['rare'], patterns: [], limit: 100 }, 10],
      [{ roles: [], patterns: ['x:y', '**'], limit: 100 }, 1],
      [{ roles: ['common'], patterns: [], limit: 5 }, 5],
      [{ roles: [], patterns: [], everybody: true, limit: 5 }, 5],
    ] as const) {
      await parts.unitOfWork.run(async () => {
        const before = await rows();
        const found = await search.candidates(CONTEXT, { ...nobody, ...asked, resource: { type: 'invoice', id: 'i77' } });
        const after = await rows();
        expect(found).toHaveLength(holders);
        expect(after.sequential - before.sequential).toBe(0);
        expect(after.indexed - before.indexed).toBeLessThan(holders * 3 + 8);
      });
    }
    await parts.changeFeed.stop();
  }, 120_000);
});
