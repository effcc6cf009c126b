import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { canonicalParts } from '#accessors/audit/chain/canonical-record.js';
import { erasableDigest, recordHash } from '#accessors/audit/chain/record-hash.js';
import { EvidenceStore } from '#accessors/audit/evidence.store.js';
import { TrailStore } from '#accessors/audit/trail.store.js';
import { verdictLines } from '#clients/cli/audit.lines.js';
import type { AuditVerdict } from '#managers/administration/audit-administration.contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { describeOnEachDatabase } from '../../support/database.js';
import { auditWorld, type AuditWorld, CONTEXT } from './audit.world.js';

const RECORDS = 9;
const PLACES = [
  ['first', 1],
  ['middle', 5],
  ['last', RECORDS],
] as const;

/** What keeps the service from putting checkpoints outside: somebody else says that it was done. */
const KEPT_INSIDE = [
  'create function said() returns trigger language plpgsql as $$ begin new.anchored_at := now(); return new; end $$',
  'create trigger said before insert on audit_checkpoint for each row execute function said()',
  'alter table audit_checkpoint enable always trigger said',
];

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
  const clock = new ManualClock(new SystemClock().now());
  beforeAll(async () => {
    ({ database } = await open());
    world = await auditWorld(database, { clock });
    await world.record(1, 5);
    await world.administration.seal(CONTEXT);
    await world.record(6, RECORDS);
    await world.administration.seal(CONTEXT);
  }, 120_000);
  afterAll(() => world.close());

  const verify = (): Promise<AuditVerdict> => world.administration.verify(CONTEXT, { anchors: [] });
  const after = (attack: Parameters<AuditWorld['attacked']>[0]): Promise<AuditVerdict> => world.attacked(attack, verify);
  const foundAfter = async (attack: Parameters<AuditWorld['attacked']>[0]) =>
    (await after(attack)).chainFaults.map(({ kind, sequence, count }) => [kind, sequence, count]);

  it('is not what was written', async () => {
    expect(await verify()).toMatchObject({ whole: true, records: RECORDS, chains: 1, checkpoints: 2, outside: { number: 2 } });
    expect(await world.administration.seal(CONTEXT)).toEqual({ held: false, made: 0, anchored: 0 });
  });

  it.each(PLACES)('is found where the %s record was deleted', async (_place, sequence) => {
    expect(await foundAfter([`delete from audit_record where sequence = ${String(sequence)}`])).toEqual([
      [sequence === RECORDS ? 'cut' : 'deleted', sequence, 1],
    ]);
  });

  it.each(PLACES)('is found where the %s record was changed, whatever of it', async (_place, sequence) => {
    for (const [column, other] of Object.entries(OTHER_VALUES)) {
      const found = await foundAfter([`update audit_record set ${column} = ${other} where sequence = ${String(sequence)}`]);
      const kind: unknown = column === 'id' ? expect.stringMatching(/^(altered|reordered)$/) : 'altered';
      const uncounted = column === 'erased' ? [['erased', null, 1]] : [];
      expect({ column, found }).toEqual({ column, found: [[kind, sequence, 1], ...uncounted] });
    }
  });

  it.each([
    ['first two', 1, 2],
    ['middle two', 4, 5],
    ['last two', RECORDS - 1, RECORDS],
    ['first and last', 1, RECORDS],
  ])('is found where the %s records changed places', async (_which, one, other) => {
    const swapped = `case sequence when ${String(one)} then ${String(other)} else ${String(one)} end`;
    expect(
      await foundAfter([`update audit_record set sequence = ${swapped} where sequence in (${String(one)}, ${String(other)})`]),
    ).toEqual([['reordered', one, 1]]);
  });

  it('is found where records were moved up to close a gap', async () => {
    expect(
      await foundAfter([
        'delete from audit_record where sequence = 4',
        'update audit_record set sequence = sequence - 1 where sequence > 4',
      ]),
    ).toEqual([['altered', 4, 1]]);
  });

  it('is found where a record was put in between, or beside a chain', async () => {
    const copied = 'tenant_id, id, at, outcome, diagnostic_id, transport';
    const found = await foundAfter([
      `insert into audit_record (${copied}, chain, sequence, salt, hash)
       select tenant_id, gen_random_uuid(), at, outcome, diagnostic_id, transport, chain, sequence, salt, hash
       from audit_record where sequence = 3`,
    ]);
    expect(found).toEqual([[expect.stringMatching(/^(inserted|altered|reordered)$/), expect.any(Number), 1]]);
    const beside = await foundAfter([
      `insert into audit_record (${copied})
       select tenant_id, gen_random_uuid(), at + interval '1 hour', 'issued', diagnostic_id, transport from audit_record limit 1`,
    ]);
    expect(beside).toEqual([['unchained', null, 1]]);
  });

  it.each(['0', '-3', 'null'])('is found where a record claims the place %s', async (sequence) => {
    const found = await foundAfter([
      'alter table audit_record drop constraint audit_record_place',
      `insert into audit_record (tenant_id, id, at, outcome, diagnostic_id, transport, chain, sequence, salt, hash)
       select tenant_id, gen_random_uuid(), at, outcome, diagnostic_id, transport, chain, ${sequence}, salt, hash
       from audit_record where sequence = 3`,
    ]);
    expect(found).toMatchObject([['misplaced', sequence === 'null' ? null : Number(sequence), 1]]);
  });

  it('is found where a record was blanked as an erasure does it, hashes and all', async () => {
    const verdict = await after(() => blank('sequence = 4'));
    expect(verdict.chainFaults).toEqual([{ kind: 'erased', chain: null, sequence: null, count: 1, recordId: null, at: null }]);
    expect(verdict.erased).toEqual({ inChains: [{ chain: expect.any(String), records: 1 }], accountedFor: 0 });
    expect(verdictLines(verdict).join('\n')).toMatch(
      /erased: 1 records; records of erasures account for 0\n {2}1 in chain [0-9a-f-]{36}\n/,
    );
  });

  it.each([1, 4, RECORDS])('is found where the last %i records were cut off, and checkpoints with them', async (count) => {
    const verdict = await after([
      `delete from audit_record where sequence > ${String(RECORDS - count)}`,
      'delete from audit_checkpoint where number = 2',
      ...(count > 4 ? ['delete from audit_checkpoint'] : []),
    ]);
    expect(verdict.chainFaults).toMatchObject([{ kind: 'cut', sequence: RECORDS - count + 1, count }]);
    expect(verdict.checkpointFaults.map(({ kind, number }) => [kind, number])).toContainEqual(['checkpoint-missing', 2]);
    expect(verdict.chainFaults[0]?.recordId === null).toBe(count === RECORDS);
  });

  it('is found where a chain was computed anew, hashes and all', async () => {
    expect(await foundAfter(() => rehashFrom(4))).toEqual([['rewritten', 1, 5]]);
    expect(await foundAfter(() => rehashFrom(8))).toEqual([['rewritten', 6, 4]]);
  });

  it('is found where checkpoints were taken away, changed or put in the place of others', async () => {
    const faultsAfter = async (...attack: readonly string[]) =>
      (await after(attack)).checkpointFaults.map(({ kind, number }) => [kind, number]);
    expect(await faultsAfter('delete from audit_checkpoint where number = 1')).toEqual([['checkpoint-missing', 1]]);
    expect(await faultsAfter(`update audit_checkpoint set document = 'e30.e30.e30' where number = 1`)).toEqual([
      ['checkpoint-altered', 1],
    ]);
    const second = '(select document from audit_checkpoint where number = 2)';
    expect(await faultsAfter(`update audit_checkpoint set document = ${second} where number = 1`)).toEqual([
      ['checkpoint-altered', 1],
    ]);
  });

  it('is judged all the same where a checkpoint claims a number that nobody could count to', async () => {
    const verdict = await after([
      `insert into audit_checkpoint (number, document) values (9223372036854775807, 'e30.e30.e30')`,
      'delete from audit_record where sequence = 5',
    ]);
    expect(verdict.chainFaults).toMatchObject([{ kind: 'deleted', sequence: 5 }]);
    expect(verdict.checkpointFaults).toHaveLength(1_002);
  });

  it('is not excused by a checkpoint that somebody else signed', async () => {
    const [line = ''] = readFileSync(world.anchorFile, 'ascii').split('\n');
    const [header, claims, signature] = line.split('.');
    const altered = Buffer.from(String(claims), 'base64url').toString().replace('"seq":1', '"seq":3');
    const forged = `${String(header)}.${Buffer.from(altered).toString('base64url')}.${String(signature)}`;
    const verdict = await after([`insert into audit_checkpoint (number, document) values (3, '${forged}')`]);
    expect(verdict.checkpointFaults).toEqual([{ kind: 'checkpoint-forged', number: 3, because: 'signature-invalid' }]);
  });

  it('is found where checkpoints have stopped, whatever was taken away of what waits for them', async () => {
    await world.record(RECORDS + 1, RECORDS + 2);
    clock.advance(1_000);
    expect(await after(['delete from audit_unsealed'])).toMatchObject({ whole: true, stale: null });
    clock.advance(70_000);
    const verdict = await after(['delete from audit_unsealed']);
    expect(verdict).toMatchObject({ whole: false, chainFaults: [], stale: { records: 2, allowedSeconds: 60 } });
    expect(verdictLines(verdict).slice(-2)).toEqual([
      expect.stringMatching(/^STALE: the newest checkpoint is of .*2 records .*within 10 s \(60 s are allowed here\)/),
      'NOT whole',
    ]);
  });

  it('is told apart from one whose checkpoints were kept from getting outside', async () => {
    const sealed = async (): Promise<AuditVerdict> => {
      clock.advance(700_000);
      expect(await world.administration.seal(CONTEXT)).toEqual({ held: true, made: 1, anchored: 0 });
      return verify();
    };
    const verdict = await world.attacked(KEPT_INSIDE, sealed);
    expect(verdict).toMatchObject({ whole: true, outside: { number: 2 }, newest: { number: 3 } });
    expect(verdict.warnings).toEqual([expect.stringMatching(/^no checkpoint after 2 was found outside/)]);
  });

  it('has its checkpoint though a place that nobody could count to waits for one too', async () => {
    const waiting = `insert into audit_unsealed (chain, sequence, hash) values (gen_random_uuid(), 9007199254740993, '\\x00')`;
    const verdict = await world.attacked([...KEPT_INSIDE, waiting], async () => {
      await world.administration.seal(CONTEXT);
      return verify();
    });
    expect(verdict).toMatchObject({ whole: true, newest: { number: 3 }, checkpointFaults: [] });
  });

  it('stops no checkpoint in silence by a number that none comes after', async () => {
    const sealed = world.attacked(
      [`insert into audit_checkpoint (number, document) values (9007199254740991, 'e30.e30.e30')`],
      () => world.administration.seal(CONTEXT),
    );
    await expect(sealed).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  /** What an erasure does, past the function and without a record of it. */
  async function blank(which: string): Promise<void> {
    const records = await new TrailStore({ database, unitOfWork: database }).records(
      {},
      { order: 'oldest', after: null, limit: 99 },
    );
    for (const record of records) {
      const digest = erasableDigest(record.salt ?? '', canonicalParts(record).erasable);
      await database.query(
        `update audit_record set subject = null, actor = null, token_id = null, subject_token_sha256 = null, detail = null, salt = null,
           erased = decode($1, 'hex') where id = $2 and ${which}`,
        [digest, record.id],
      );
    }
  }

  /** What somebody does who knows how hashes are made. */
  async function rehashFrom(sequence: number): Promise<void> {
    await database.query(`update audit_record set client_id = 'other' where sequence = $1`, [sequence]);
    const records = await new EvidenceStore({ database, unitOfWork: database }).recordsAfter(null);
    expect(records).toHaveLength(RECORDS);
    let hash = records[sequence - 2]?.hash ?? '';
    for (const record of records.slice(sequence - 1)) {
      const { fixed, erasable } = canonicalParts(record);
      hash = recordHash(hash, record, { fixed, erasableDigest: erasableDigest(record.salt ?? '', erasable) });
      await database.query(`update audit_record set hash = decode($1, 'hex') where id = $2`, [hash, record.id]);
    }
  }
});
