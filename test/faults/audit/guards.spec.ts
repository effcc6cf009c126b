import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../support/as-owner.js';
import { describeOnPostgres } from '../../support/database.js';
import { auditWorld, type AuditWorld, CONTEXT } from './audit.world.js';

const REFUSED = { code: '42501' };
const BLANKED = `subject = null, actor = null, token_id = null, subject_token_sha256 = null, detail = null, salt = null`;

describeOnPostgres('What the database itself refuses of the audit trail', (open) => {
  let database: OpenDatabase;
  let world: AuditWorld;
  beforeAll(async () => {
    ({ database } = await open());
    world = await auditWorld(database);
    await world.record(1, 3);
    await world.administration.erase(CONTEXT, { subject: 'u_2', reason: 'asked for' });
  }, 120_000);
  afterAll(() => world.close());

  it.each([
    'audit_drop_partitions(current_date - 400)',
    'audit_prepare_partitions(1)',
    `audit_erase('[]')`,
    `audit_attach_partition('audit_record_rest', 'minvalue', 'maxvalue')`,
  ])('%s to any role but the service', async (call) => {
    const asAnother = database.run(async () => {
      await database.query('set local role none');
      // One that every server has, and that was granted nothing here.
      await database.query('set local role pg_monitor');
      await database.query(`select ${call}`);
    });
    await expect(asAnother).rejects.toMatchObject(REFUSED);
  });

  it('names that a function with the rights of the owner would look up elsewhere', async () => {
    const functions = await asOwner<{ name: string; settings: string[] | null; everybody: boolean }>(
      database,
      `select p.proname as name, p.proconfig as settings, has_function_privilege('pg_monitor', p.oid, 'execute') as everybody
       from pg_proc p where p.prosecdef and p.pronamespace = 'public'::regnamespace order by 1`,
    );
    expect(functions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['audit_drop_partitions', 'audit_erase', 'audit_prepare_partitions']),
    );
    for (const { name, settings, everybody } of functions) {
      expect({ name, everybody }).toEqual({ name, everybody: false });
      expect(settings).toContain('search_path=public, pg_temp');
    }
  });

  it.each([
    ['a place before the first', `chain = gen_random_uuid(), sequence = 0`],
    ['a place that is negative', `chain = gen_random_uuid(), sequence = -7`],
    ['no place in its chain', `chain = gen_random_uuid(), sequence = null`],
    ['no hash', `chain = gen_random_uuid(), sequence = 1, hash = null`],
    ['a place and no chain', `chain = null, sequence = 1`],
  ])('a record that has %s', async (_what, change) => {
    const values = Object.fromEntries(change.split(', ').map((each) => each.split(' = ')));
    const { chain, sequence, hash = `'\\x00'` } = { sequence: '1', ...values };
    const added = database.query(
      `insert into audit_record (tenant_id, id, at, outcome, diagnostic_id, transport, chain, sequence, salt, hash)
       values (gen_random_uuid(), gen_random_uuid(), now(), 'issued', gen_random_uuid(), 'rest', ${String(chain)}, ${sequence}, null,
         ${hash})`,
    );
    await expect(added).rejects.toMatchObject({ code: '23514' });
  });

  it('blanking a record otherwise than the function that erases, whatever is set', async () => {
    const blanked = database.run(async () => {
      await database.query('select enter_audit()');
      await database.query(`select set_config('countersign.erasing', 'yes', true)`);
      await database.query(`update audit_record set ${BLANKED}, erased = '\\x00' where sequence = 1 and subject = 'u_1'`);
    });
    await expect(blanked).rejects.toMatchObject(REFUSED);
  });

  it('erasing what operators did', async () => {
    const erased = database.run(async () => {
      await database.query('select enter_audit()');
      await database.query(
        `select audit_erase((select json_agg(json_build_object('tenant_id', tenant_id, 'id', id, 'at', extract(epoch from at) * 1000,
           'digest', repeat('00', 32))) from audit_record where outcome = 'changed'))`,
      );
    });
    await expect(erased).rejects.toMatchObject(REFUSED);
  });
});
