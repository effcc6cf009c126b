import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { canonicalParts } from '#accessors/audit/chain/canonical-record.js';
import { erasableDigest, recordHash } from '#accessors/audit/chain/record-hash.js';
import { EvidenceStore } from '#accessors/audit/evidence.store.js';
import type { AuditVerdict } from '#managers/administration/audit-administration.contract.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { describeOnEachDatabase } from '../../support/database.js';
import { auditWorld, type AuditWorld, CONTEXT } from './audit.world.js';

const RECORDS = 9;
const PLACES = [
  ['first', 1],
  ['middle', 5],
  ['last', RECORDS],
] as const;

/** Every column that a record of an issued token has, and something else of its type. */
const OTHER_VALUES = {
  id: `'01990000-0000-7000-8000-000000000001'`,
  tenant_id: `'0198c0de-0000-7000-8000-00000000000f'`,
  at: `at + interval '1 millisecond'`,
  outcome: `'refused'`,
  diagnostic_id: `'7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a12'`,
  transport: `'grpc'`,
  client_id: `'other'`,
  exchange_case: `'own'`,
  subject: `'u_other'`,
  actor: 'null',
  issuer: `'other'`,
  audience: `'https://other'`,
  token_id: `'other'`,
  kid: `'other'`,
  expires_at: `expires_at + interval '1 second'`,
  permission_count: '4',
  policy_version: `'main@43'`,
  epoch: '9132',
  subject_token_sha256: 'null',
  code: `'X'`,
  what: `'x'`,
  detail: `'x'`,
  salt: `'\\x00'`,
  hash: `'\\x00'`,
  erased: `'\\x00'`,
};

describeOnEachDatabase('An altered audit trail', (open) => {
  let database: OpenDatabase;
  let world: AuditWorld;
  beforeEach(async () => {
    ({ database } = await open());
    world = await auditWorld(database);
    await world.record(1, RECORDS);
    await world.administration.seal(CONTEXT);
  });
  afterEach(() => world.close());

  const verify = (): Promise<AuditVerdict> => world.administration.verify(CONTEXT, { anchors: [] });
  const found = async () => (await verify()).chainFaults.map(({ kind, sequence, count }) => [kind, sequence, count]);

  it('is not what was written: that verifies, again and again, while it grows', async () => {
    expect(await verify()).toMatchObject({ whole: true, records: RECORDS, chains: 1, checkpoints: 1, outside: { number: 1 } });
    await world.record(10, 12);
    expect(await verify()).toMatchObject({ whole: true, records: 12 });
    await world.access.recordWithin(CONTEXT, { outcome: 'changed', what: 'a', detail: 'b' });
    await world.administration.seal(CONTEXT);
    expect(await verify()).toMatchObject({ whole: true, records: 13, chains: 2, checkpoints: 2, outside: { number: 2 } });
    expect(await world.administration.seal(CONTEXT)).toEqual({ held: false, made: 0, anchored: 0 });
  });

  it.each(PLACES)('is found where the %s record was deleted', async (_place, sequence) => {
    await world.attack(`delete from audit_record where sequence = ${String(sequence)}`);
    expect(await found()).toEqual([[sequence === RECORDS ? 'cut' : 'deleted', sequence, 1]]);
  });

  it.each(PLACES)('is found where the %s record was changed, whatever of it', async (_place, sequence) => {
    for (const [column, other] of Object.entries(OTHER_VALUES)) {
      await world.attack(
        `create temporary table kept on commit drop as select * from audit_record where sequence = ${String(sequence)}`,
        `update audit_record set ${column} = ${other} where sequence = ${String(sequence)}`,
        `create table aside as select * from kept`,
      );
      const kinds = await found();
      const isClass = column === 'id' ? ['altered', 'reordered'] : ['altered'];
      expect({ column, kinds: kinds.filter(([kind]) => isClass.includes(String(kind))) }).toEqual({
        column,
        kinds: [[expect.any(String), sequence, 1]],
      });
      await world.attack(
        `delete from audit_record where sequence = ${String(sequence)}`,
        'insert into audit_record select * from aside',
        'drop table aside',
      );
    }
    expect((await verify()).whole).toBe(true);
  });

  it.each([
    ['first two', 1, 2],
    ['middle two', 4, 5],
    ['last two', RECORDS - 1, RECORDS],
    ['first and last', 1, RECORDS],
  ])('is found where the %s records changed places', async (_which, one, other) => {
    await world.attack(
      `update audit_record set sequence = case sequence when ${one} then ${other} else ${one} end where sequence in (${one}, ${other})`,
    );
    expect(await found()).toEqual([['reordered', one, 1]]);
  });

  it('is found where records were moved up to close a gap', async () => {
    await world.attack(
      'delete from audit_record where sequence = 4',
      'update audit_record set sequence = sequence - 1 where sequence > 4',
    );
    expect(await found()).toEqual([['altered', 4, 1]]);
  });

  it('is found where a record was put in between, or beside a chain', async () => {
    await world.attack(
      `insert into audit_record (tenant_id, id, at, outcome, diagnostic_id, transport, chain, sequence, salt, hash)
       select tenant_id, gen_random_uuid(), at, outcome, diagnostic_id, transport, chain, sequence, salt, hash
       from audit_record where sequence = 3`,
    );
    expect((await found()).map(([kind]) => kind)).toEqual([expect.stringMatching(/^(inserted|altered|reordered)$/)]);
    await world.attack(
      `insert into audit_record (tenant_id, id, at, outcome, diagnostic_id, transport)
       select tenant_id, gen_random_uuid(), at + interval '1 hour', 'issued', diagnostic_id, transport from audit_record limit 1`,
    );
    expect((await found()).map(([kind]) => kind)).toContain('unchained');
  });

  it.each([1, 4, RECORDS])('is found where the last %i records were cut off, and checkpoints with them', async (count) => {
    await world.attack(
      `delete from audit_record where sequence > ${String(RECORDS - count)}`,
      'delete from audit_checkpoint',
      'delete from audit_unsealed',
    );
    const verdict = await verify();
    expect(verdict.chainFaults).toMatchObject([{ kind: 'cut', sequence: RECORDS - count + 1, count }]);
    expect(verdict.checkpointFaults).toMatchObject([{ kind: 'checkpoint-missing', number: 1 }]);
    const [last] = verdict.chainFaults;
    expect(last?.recordId === null).toBe(count === RECORDS);
  });

  it('is found where a chain was computed anew, hashes and all', async () => {
    await rehashFrom(4);
    expect(await found()).toEqual([['rewritten', RECORDS, 1]]);
  });

  it('is found where checkpoints were taken away, changed or signed by another key', async () => {
    await world.record(10, 10);
    await world.administration.seal(CONTEXT);
    await world.attack('delete from audit_checkpoint where number = 1');
    expect((await verify()).checkpointFaults).toMatchObject([{ kind: 'checkpoint-missing', number: 1 }]);
    await world.attack(`insert into audit_checkpoint (number, document) values (1, 'e30.e30.e30')`);
    expect((await verify()).checkpointFaults).toMatchObject([{ kind: 'checkpoint-altered', number: 1 }]);
    await world.attack('update audit_checkpoint set document = (select document from audit_checkpoint where number = 2)');
    expect((await verify()).checkpointFaults).toMatchObject([{ kind: 'checkpoint-altered', number: 1 }]);
  });

  it('is not excused by a checkpoint that somebody else signed', async () => {
    const [line = ''] = readFileSync(world.anchorFile, 'ascii').split('\n');
    const [header, claims, signature] = line.split('.');
    const forged = `${String(header)}.${Buffer.from(
      Buffer.from(String(claims), 'base64url').toString().replace('"prev":null', '"prev":"x"'),
    ).toString('base64url')}.${String(signature)}`;
    await world.attack(`insert into audit_checkpoint (number, document) values (2, '${forged}')`);
    expect((await verify()).checkpointFaults).toMatchObject([
      { kind: 'checkpoint-forged', number: 2, because: 'signature-invalid' },
    ]);
  });

  it('of a record that no checkpoint was ever made for is told', async () => {
    await world.record(10, 10);
    await world.attack('delete from audit_unsealed', `update audit_record set at = at - interval '1 hour' where sequence = 10`);
    expect(await found()).toEqual([['altered', 10, 1]]);
  });

  /** What somebody does who knows how hashes are made. */
  async function rehashFrom(sequence: number): Promise<void> {
    await world.attack(`update audit_record set client_id = 'other' where sequence = ${String(sequence)}`);
    const records = await new EvidenceStore({ database, unitOfWork: database }).recordsAfter(null);
    expect(records).toHaveLength(RECORDS);
    let hash = records[sequence - 2]?.hash ?? '';
    for (const record of records.slice(sequence - 1)) {
      const { fixed, erasable } = canonicalParts(record);
      hash = recordHash(hash, record, { fixed, erasableDigest: erasableDigest(record.salt ?? '', erasable) });
      await world.attack(`update audit_record set hash = decode('${hash}', 'hex') where id = '${record.id}'`);
    }
  }
});
