import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AuditStore } from '#accessors/audit/audit.store.js';
import { auditLimits, PostgresAuditAccess } from '#accessors/audit/postgres.audit.access.js';
import { DefaultLiveData } from '#accessors/facts/default.live-data.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { accessorParts, CONTEXT, type AccessorParts } from '../../../test/support/accessor-parts.js';
import { asOwner } from '../../../test/support/as-owner.js';
import { describeOnEachDatabase } from '../../../test/support/database.js';
import { SilentLogger } from '../../../test/support/silent.logger.js';
import { DefaultLiveAdministration } from './default.live-administration.js';

const identities = (name: string): object[] => [{ instance: 'oidc:https://idp.test', externalId: name }];
const OPERATOR = { ...CONTEXT, operator: 'u_olga' };

describeOnEachDatabase('Administration of live data', (open) => {
  let parts: AccessorParts;
  let administration: DefaultLiveAdministration;
  let announced = 0;

  beforeAll(async () => {
    const { database } = await open();
    parts = await accessorParts(database);
    const factAccess: Pick<FactAccess, 'announceChanges' | 'tenantNamed'> = {
      announceChanges: async () => {
        announced += 1;
        await parts.changeFeed.announce();
      },
      tenantNamed: async () => 'tenant-id',
    };
    administration = new DefaultLiveAdministration({
      liveData: new DefaultLiveData(parts),
      factAccess,
      signingEngine: { consistencyToken: (_context, { tenantId }) => `token of ${tenantId}` },
      changeTrail: new PostgresAuditAccess({
        ...parts,
        store: new AuditStore(parts),
        counters: new MemoryCounters(),
        logger: new SilentLogger(),
        limits: auditLimits(database.engine),
      }),
      changeFeed: parts.changeFeed,
      unitOfWork: parts.unitOfWork,
    });
    await put('tenant', { slug: 'acme' });
    await put('group', { key: 'fin' });
    await put('subject', { key: 'ana', identities: identities('ana') });
  }, 60_000);
  afterAll(() => parts.changeFeed.stop());

  const put = (kind: 'tenant' | 'group' | 'subject' | 'assignment' | 'membership', row: object, validateOnly = false) =>
    administration.put(OPERATOR, 'acme', { records: [{ kind, row }], validateOnly });
  const ref = { kind: 'subject', name: 'ana' } as const;
  const page = { after: null, limit: 100 };
  const records = async (): Promise<readonly string[]> => {
    const rows = await asOwner<{ detail: string }>(
      parts.unitOfWork,
      `select detail from audit_record where what = 'live_data' order by id`,
    );
    return rows.map(({ detail }) => detail);
  };

  it('changes members of a row, with its record, its entry in the log and a consistency token', async () => {
    const before = announced;
    const report = await administration.patch(OPERATOR, 'acme', { ref, members: { status: 'disabled' }, validateOnly: false });
    expect(report).toMatchObject({ changes: [{ ref, outcome: 'updated' }], consistencyToken: 'token of tenant-id' });
    expect(announced).toBe(before + 1);
    expect(await administration.get(CONTEXT, 'acme', ref)).toMatchObject({ key: 'ana', kind: 'user', status: 'disabled' });
    expect((await records()).at(-1)).toBe('tenant acme: subject updated 1');
    const { items } = await administration.changes(CONTEXT, 'acme', { about: ref, ...page });
    expect(items[0]).toMatchObject({ by: 'u_olga', change: { before: { status: 'active' }, after: { status: 'disabled' } } });
  });

  it('changes nothing, records nothing and announces nothing when it is only asked what would happen', async () => {
    const recordsBefore = await records();
    const before = announced;
    const report = await put('subject', { key: 'bo', identities: identities('bo') }, true);
    expect(report.changes).toMatchObject([{ ref: { kind: 'subject', name: 'bo' }, outcome: 'created' }]);
    await expect(administration.get(CONTEXT, 'acme', { kind: 'subject', name: 'bo' })).rejects.toMatchObject({
      code: 'LIVE_DATA_UNKNOWN',
    });
    expect([await records(), announced]).toEqual([recordsBefore, before]);
  });

  it('records nothing where nothing changed', async () => {
    const before = await records();
    expect(await put('group', { key: 'fin' })).toMatchObject({ changes: [{ outcome: 'unchanged' }] });
    expect(await records()).toEqual(before);
  });

  it('lists every fault and changes nothing', async () => {
    const order = {
      records: [
        { kind: 'group', row: { key: 'new' } },
        { kind: 'assignment', row: { principal: 'ana', role: 'clerk' } },
        { kind: 'membership', row: { subject: 'ana' } },
      ],
      validateOnly: false,
    } as const;
    const refused = administration.put(OPERATOR, 'acme', order);
    await expect(refused).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
    await expect(refused).rejects.toMatchObject({
      details: { actual: expect.stringMatching(/^records\[1\]: principal: .*\nrecords\[2\]: group: /) },
    });
    await expect(administration.get(CONTEXT, 'acme', { kind: 'group', name: 'new' })).rejects.toMatchObject({
      code: 'LIVE_DATA_UNKNOWN',
    });
  });

  it('does not rename a row', async () => {
    const patch = administration.patch(OPERATOR, 'acme', { ref, members: { key: 'eva' }, validateOnly: false });
    await expect(patch).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
  });

  it('imports a file with progress, tells the lines that are wrong, and tries it out first if asked', async () => {
    const text = `key,identities\n${Array.from({ length: 12 }, (_none, n) => `p${String(n)},"[{""instance"":""oidc:https://idp.test"",""externalId"":""p${String(n)}""}]"`).join('\n')}\n`;
    const seen: number[] = [];
    const file = {
      kind: 'subject',
      format: 'csv',
      text,
      progress: ({ done }: { done: number }) => void seen.push(done),
    } as const;
    expect(await administration.importRows(OPERATOR, 'acme', { ...file, validateOnly: true })).toMatchObject({
      counts: { created: 12, updated: 0, unchanged: 0 },
    });
    expect(await administration.importRows(OPERATOR, 'acme', { ...file, validateOnly: false })).toMatchObject({
      counts: { created: 12 },
    });
    expect(await administration.importRows(OPERATOR, 'acme', { ...file, validateOnly: false })).toMatchObject({
      counts: { unchanged: 12 },
      changes: [],
    });
    expect(seen.slice(-2)).toEqual([0, 12]);
    const bad = administration.importRows(OPERATOR, 'acme', { ...file, text: `${text}p13,x\n`, validateOnly: false });
    await expect(bad).rejects.toMatchObject({ details: { actual: expect.stringContaining('line 14: identities') } });
  });

  it('removes rows', async () => {
    await put('membership', { subject: 'ana', group: 'fin' });
    const order = { refs: [{ kind: 'membership', name: 'ana/fin' } as const], validateOnly: false };
    expect(await administration.remove(OPERATOR, 'acme', order)).toMatchObject({ changes: [{ outcome: 'removed' }] });
    const { items } = await administration.list(CONTEXT, 'acme', { kind: 'membership', about: 'subject:ana', ...page });
    expect(items).toEqual([]);
  });

  it('makes nobody an operator for an operator: that takes the database', async () => {
    const row = { principal: 'subject:ana', role: 'operator' };
    const order = { records: [{ kind: 'assignment', row } as const], validateOnly: false };
    await expect(administration.put(OPERATOR, 'platform', order)).rejects.toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
    const patch = { ref, members: {}, validateOnly: true };
    await expect(administration.patch(OPERATOR, 'platform', patch)).rejects.toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
    const remove = { refs: [ref], validateOnly: false };
    await expect(administration.remove(OPERATOR, 'platform', remove)).rejects.toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
  });

  it('shows and changes for an operator no other tenant than the one that is named', async () => {
    const globex = { kind: 'tenant', name: 'globex' } as const;
    await administration.put(OPERATOR, 'globex', { records: [{ kind: 'tenant', row: { slug: 'globex' } }], validateOnly: false });
    const slugs = async (context: CallContext, tenant: string) => {
      const { items } = await administration.list(context, tenant, { kind: 'tenant', about: null, ...page });
      return items.map(({ slug }) => slug);
    };
    expect(await slugs(OPERATOR, 'acme')).toEqual(['acme']);
    expect(await slugs(OPERATOR, 'platform')).toEqual(expect.arrayContaining(['acme', 'globex']));
    expect(await slugs(CONTEXT, 'acme')).toEqual(expect.arrayContaining(['acme', 'globex']));
    await expect(slugs(OPERATOR, 'nowhere')).rejects.toMatchObject({ code: 'LIVE_DATA_UNKNOWN' });

    const refused = { code: 'OPERATOR_NOT_PERMITTED' };
    await expect(administration.get(OPERATOR, 'acme', globex)).rejects.toMatchObject(refused);
    expect(await administration.get(OPERATOR, 'platform', globex)).toMatchObject({ slug: 'globex' });
    await expect(put('tenant', { slug: 'globex', status: 'suspended' })).rejects.toMatchObject(refused);
    await expect(put('tenant', { slug: 'platform', boundary: [] })).rejects.toMatchObject(refused);
    const patch = { ref: { kind: 'tenant', name: 'platform' }, members: { boundary: [] }, validateOnly: false } as const;
    await expect(administration.patch(OPERATOR, 'acme', patch)).rejects.toMatchObject(refused);
    expect(await administration.get(CONTEXT, 'acme', globex)).toMatchObject({ status: 'active' });
  });
});
