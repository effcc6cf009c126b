import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { AuditTimer } from '#clients/timers/audit.timer.js';
import type { AuditVerdict } from '#managers/administration/audit-administration.contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { asOwner } from '../../support/as-owner.js';
import { describeOnEachDatabase } from '../../support/database.js';
import { auditDays, type AuditDays } from './audit.days.js';
import { auditWorld, type AuditWorld, CONTEXT, issued } from './audit.world.js';

const DAY_MS = 86_400_000;

describeOnEachDatabase('Audit records whose time is over', (open) => {
  let database: OpenDatabase;
  let world: AuditWorld;
  let clock: ManualClock;
  let days: AuditDays;
  const now = new SystemClock().now();
  beforeEach(async () => {
    ({ database } = await open());
    clock = new ManualClock(now - 40 * DAY_MS);
    world = await auditWorld(database, { clock, retentionDays: 35 });
    days = auditDays(database, now);
  });
  afterEach(() => world.close());

  const verify = (): Promise<AuditVerdict> => world.administration.verify(CONTEXT, { anchors: [] });

  it('are dropped by the day; what remains verifies, and its first record cannot go unnoticed', async () => {
    await days.add(40);
    await days.add(39);
    await threeDays();
    const { dropped, strayBytes } = await world.administration.upkeep(CONTEXT);
    expect({ dropped, strayBytes }).toEqual({ dropped: [days.nameOf(40), days.nameOf(39)], strayBytes: 0 });
    expect(await verify()).toMatchObject({ whole: true, outside: expect.anything() });
    const left = await world.administration.records(CONTEXT, {}, { order: 'oldest', after: null, limit: 100 });
    expect(left.map(({ tokenId, what }) => tokenId ?? what)).toEqual(['token-7', 'token-8', 'token-9', 'audit.retention']);
    const cut = await world.attacked(['delete from audit_record where sequence = 7'], verify);
    expect(cut.chainFaults).toMatchObject([{ kind: 'deleted', sequence: 7, count: 1 }]);
    expect((await world.administration.upkeep(CONTEXT)).dropped).toEqual([]);
    await world.record(10, 11);
    await world.administration.seal(CONTEXT);
    expect(await verify()).toMatchObject({ whole: true });
  });

  it('are missed where somebody else dropped them', async () => {
    await days.add(40);
    await days.add(39);
    await threeDays();
    await asOwner(database, `drop table ${days.nameOf(40)}`);
    expect((await verify()).chainFaults).toMatchObject([{ kind: 'deleted', sequence: 1, count: 3 }]);
  });

  it('are kept for 30 days at least, whatever the service asks of the database', async () => {
    await expect(database.query(`select audit_drop_partitions(current_date - 29)`)).rejects.toThrow('at least 30 days');
    await expect(database.query(`select audit_prepare_partitions(61)`)).rejects.toThrow('0 to 60 days');
  });

  it('and those of a day without a partition are kept all the same, with an alarm', async () => {
    clock.advance(400 * DAY_MS);
    await world.record(1, 2);
    await world.administration.seal(CONTEXT);
    expect(await verify()).toMatchObject({ whole: true, records: 2 });
    const timer = new AuditTimer({ audit: world.administration, ids: new CryptoIdSource({ clock }), logger: world.logger });
    await timer.tick();
    expect(JSON.stringify(world.logger)).toContain('audit.partition_missing');
  });

  it('have partitions of today and of the days ahead from the migration on', async () => {
    expect((await world.administration.upkeep(CONTEXT)).partitions).toEqual({ made: 0, blocked: 0, today: days.dayOf(0) });
    const names = await asOwner<{ name: string }>(
      database,
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_record'::regclass order by 1`,
    );
    expect(names.map(({ name }) => name)).toEqual([...[0, -1, -2, -3, -4, -5, -6, -7].map(days.nameOf), 'audit_record_rest']);
  });

  /** Three records on each of three days: 40 days ago, the day after, and today. */
  async function threeDays(): Promise<void> {
    await world.record(1, 3);
    clock.advance(DAY_MS);
    await world.record(4, 6);
    clock.advance(39 * DAY_MS);
    await world.record(7, 9);
    await world.administration.seal(CONTEXT);
    expect(await verify()).toMatchObject({ whole: true, records: 9, chains: 1 });
  }
});

describeOnEachDatabase('A subject that is erased from the audit trail', (open) => {
  let database: OpenDatabase;
  let world: AuditWorld;
  beforeEach(async () => {
    ({ database } = await open());
    world = await auditWorld(database);
    await world.record(1, 6);
    await world.access.record(CONTEXT, { ...issued(3), tokenId: 'another-token' });
    await world.administration.seal(CONTEXT);
  });
  afterEach(() => world.close());

  const verify = (): Promise<AuditVerdict> => world.administration.verify(CONTEXT, { anchors: [] });

  it('is in no record any more, and all chains verify', async () => {
    expect(await world.administration.erase(CONTEXT, { subject: 'u_3', reason: 'asked for' })).toBe(2);
    await world.administration.seal(CONTEXT);
    expect(await verify()).toMatchObject({ whole: true, records: 8 });
    const everything = JSON.stringify(await asOwner(database, 'select * from audit_record'));
    for (const gone of ['u_3"', 'token-3', 'another-token']) expect(everything).not.toContain(gone);
    const [record] = (await world.administration.records(CONTEXT, {}, { order: 'oldest', after: null, limit: 9 })).slice(2);
    expect(record).toMatchObject({
      erased: true,
      subject: null,
      tokenId: null,
      subjectTokenSha256: null,
      clientId: 'orders-api',
    });
    expect(everything).toContain('2 records: asked for');
    expect(await world.administration.erase(CONTEXT, { subject: 'u_3', reason: 'again' })).toBe(0);
  });

  it('does not make way for something else in its place, nor for another change', async () => {
    await world.administration.erase(CONTEXT, { subject: 'u_3', reason: 'asked for' });
    const forged = await world.attacked([`update audit_record set subject = 'u_9' where sequence = 3`], verify);
    expect(forged.chainFaults).toMatchObject([{ kind: 'altered', sequence: 3 }]);
    for (const change of [
      `update audit_record set subject = null where sequence = 1`,
      `update audit_record set erased = '\\x00', subject = null, actor = null, token_id = null, subject_token_sha256 = null,
         detail = null, salt = null, client_id = 'other' where sequence = 1`,
    ]) {
      const changed = database.run(async () => {
        await database.query('select enter_audit()');
        await database.query(change);
      });
      await expect(changed).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('cannot be found out by trying names against what stayed', async () => {
    await world.administration.erase(CONTEXT, { subject: 'u_3', reason: 'asked for' });
    const rows = await asOwner<{ salt: string | null }>(database, `select salt from audit_record where erased is not null`);
    expect(rows).toEqual([{ salt: null }, { salt: null }]);
  });
});
