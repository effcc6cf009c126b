import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { canonicalParts } from '#accessors/audit/chain/canonical-record.js';
import { erasableDigest, recordHash } from '#accessors/audit/chain/record-hash.js';
import { EvidenceStore } from '#accessors/audit/evidence.store.js';
import { AuditTimer } from '#clients/timers/audit.timer.js';
import type { AuditVerdict } from '#managers/administration/audit-administration.contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { asOwner } from '../../support/as-owner.js';
import { describeOnPostgres } from '../../support/database.js';
import { auditDays, type AuditDays } from './audit.days.js';
import { auditWorld, type AuditWorld, CONTEXT } from './audit.world.js';

const DAY_MS = 86_400_000;
const COPIED = 'tenant_id, at, outcome, diagnostic_id, transport, client_id';

/** Three records on each of three days: two whose time is over, in partitions of their own, and today. */
describeOnPostgres('What somebody plants among records whose time is over', (open) => {
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
    await days.add(40);
    await days.add(39);
    await world.record(1, 3);
    clock.advance(DAY_MS);
    await world.record(4, 6);
    clock.advance(39 * DAY_MS);
    await world.record(7, 9);
    await world.administration.seal(CONTEXT);
  });
  afterEach(() => world.close());

  const verify = (): Promise<AuditVerdict> => world.administration.verify(CONTEXT, { anchors: [] });
  const attack = (sql: string): Promise<object[]> => asOwner(database, `set local session_replication_role = replica; ${sql}`);

  it('is never signed as carried over, nor dropped: a place far ahead in a chain', async () => {
    await attack(`insert into audit_record (${COPIED}, id, chain, sequence, salt, hash)
      select ${COPIED}, gen_random_uuid(), chain, 1000000, salt, hash from audit_record where sequence = 2`);
    await refused({ kind: 'unsealed', sequence: 1_000_000 }, { kind: 'deleted', sequence: 10 });
    await attack('delete from audit_record where sequence = 7');
    expect((await verify()).chainFaults).toMatchObject([{ kind: 'deleted', sequence: 7, count: 1 }]);
  });

  it.each([8, 9])('is never signed as carried over, nor dropped: places up to %i that hash rightly', async (last) => {
    for (let sequence = 7; sequence <= last; sequence += 1) await plantAfter(sequence - 1);
    await refused({ kind: 'inserted', sequence: 7 });
  });

  it.each([
    ['changed', `update audit_record set client_id = 'other' where sequence = 2`, { kind: 'altered', sequence: 2 }],
    ['deleted', 'delete from audit_record where sequence = 2', { kind: 'deleted', sequence: 2 }],
    ['before the first', `update audit_record set sequence = 0 where sequence = 1`, { kind: 'misplaced', sequence: 0 }],
    [
      'in no chain',
      `insert into audit_record (${COPIED}, id) select ${COPIED.replace('at,', `at + interval '1 s',`)}, gen_random_uuid()
       from audit_record where sequence = 2`,
      { kind: 'unchained' },
    ],
  ])('stays where it is, and with it everything of its time: a record that is %s', async (_what, sql, fault) => {
    await asOwner(database, 'alter table audit_record drop constraint audit_record_place');
    await attack(sql);
    await refused(fault);
  });

  it('is not taken for what was signed once it is mended: what verifies is dropped the day after', async () => {
    await attack(`update audit_record set client_id = 'other' where sequence = 2`);
    await refused({ kind: 'altered', sequence: 2 });
    await attack(`update audit_record set client_id = 'orders-api' where sequence = 2`);
    const another = await auditWorld(database, { clock, retentionDays: 35, anchor: { file: null, url: null, bearerFile: null } });
    expect(await another.administration.upkeep(CONTEXT)).toMatchObject({ dropped: [], refused: [] });
    clock.advance(20_000);
    await asOwner(database, 'delete from work_lease');
    expect(await another.administration.upkeep(CONTEXT)).toMatchObject({
      dropped: [days.nameOf(40), days.nameOf(39)],
      refused: [],
    });
    await another.close();
    expect(await verify()).toMatchObject({ whole: true });
  });

  it('is told where it claims a place among those that are gone', async () => {
    await world.administration.upkeep(CONTEXT);
    const planted = await world.attacked(
      [
        `insert into audit_record (${COPIED}, id, chain, sequence, salt, hash)
         select ${COPIED}, gen_random_uuid(), chain, 2, salt, hash from audit_record where sequence = 7`,
      ],
      verify,
    );
    expect(planted.chainFaults).toMatchObject([{ kind: 'misplaced', sequence: 2, count: 1 }]);
  });

  it('does not lie in the way of what was signed and not dropped when a process ended', async () => {
    const signed = world.administration.upkeep.bind(world.administration);
    await asOwner(
      database,
      `create function stopped() returns trigger language plpgsql as $$ begin raise exception 'ended'; end $$`,
    );
    await asOwner(database, `alter function audit_drop_partitions(date) rename to audit_drop_later`);
    await expect(signed(CONTEXT)).rejects.toThrow('audit_drop_partitions');
    await asOwner(database, `alter function audit_drop_later(date) rename to audit_drop_partitions`);
    expect(await verify()).toMatchObject({ whole: true, records: 9 });
    expect((await world.attacked([`update audit_record set client_id = 'other' where sequence = 2`], verify)).whole).toBe(false);
    expect(await signed(CONTEXT)).toMatchObject({ dropped: [days.nameOf(40), days.nameOf(39)], refused: [] });
    expect(await verify()).toMatchObject({ whole: true });
  });

  /** Upkeep drops nothing, says what is wrong and what to do, and `verify` finds the same. */
  async function refused(fault: object, found = fault): Promise<void> {
    const timer = new AuditTimer({ audit: world.administration, ids: new CryptoIdSource({ clock }), logger: world.logger });
    await timer.tick();
    expect(await world.administration.upkeep(CONTEXT)).toMatchObject({ dropped: [], refused: [fault] });
    expect(JSON.stringify(world.logger)).toContain('audit.retention_refused');
    expect(JSON.stringify(world.logger)).toContain('countersign audit verify');
    const carried = await asOwner(database, 'select number from audit_checkpoint where carries');
    expect(carried).toEqual([]);
    expect((await verify()).chainFaults).toMatchObject([found]);
  }

  /** As somebody who knows how hashes are made. */
  async function plantAfter(sequence: number): Promise<void> {
    const records = await new EvidenceStore({ database, unitOfWork: database }).recordsAfter(null);
    const before = records.filter((each) => each.sequence === sequence).at(-1);
    const first = records[0];
    if (before === undefined || first === undefined) throw new Error('there is such a record');
    const planted = { ...first, id: new CryptoIdSource({ clock }).ordered(), at: first.at + sequence, sequence: sequence + 1 };
    const { fixed, erasable } = canonicalParts(planted);
    const hash = recordHash(before.hash, planted, { fixed, erasableDigest: erasableDigest(first.salt ?? '', erasable) });
    const rest = `diagnostic_id, transport, outcome, client_id, exchange_case, subject, actor, issuer, audience, token_id, kid,
      expires_at, permission_count, policy_version, epoch, subject_token_sha256, chain, salt, tenant_id`;
    await asOwner(
      database,
      `insert into audit_record (${rest}, id, at, sequence, hash)
       select ${rest}, $1, to_timestamp($2::float8 / 1000), $3, decode($4, 'hex') from audit_record where id = $5`,
      [planted.id, planted.at, planted.sequence, hash, first.id],
    );
  }
});
