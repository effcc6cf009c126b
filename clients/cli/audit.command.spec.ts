import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import type { AuditRecordView, AuditVerdict } from '#managers/administration/audit-administration.contract.js';
import { recordLine, verdictLines } from './audit.lines.js';
import { ocsfEvent } from './audit.ocsf.js';
import { queryOf, type SearchOptions, withSearchOptions } from './audit.options.js';

const issued: AuditRecordView = {
  id: '01990000-0000-7000-8000-000000000001',
  tenantId: '0198c0de-0000-7000-8000-000000000001',
  at: 1_790_000_000_123,
  outcome: 'issued',
  diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11',
  transport: 'rest',
  clientId: 'portal',
  exchangeCase: 'own',
  subject: 'u_1',
  actor: null,
  issuer: 'contoso',
  audience: 'https://api.acme.test/billing',
  tokenId: 'token-1',
  kid: 'kid',
  expiresAt: 1_790_000_600,
  permissionCount: 3,
  policyVersion: 'main@42',
  epoch: 9_131,
  subjectTokenSha256: 'ab',
  code: null,
  what: null,
  detail: null,
  chain: '01990000-0000-7000-8000-00000000000c',
  sequence: 7,
  hash: 'cd',
  erased: false,
};
const nothing = { clientId: null, exchangeCase: null, subject: null, issuer: null, audience: null, tokenId: null, kid: null };
const refused: AuditRecordView = {
  ...issued,
  ...nothing,
  outcome: 'refused',
  clientId: 'portal',
  code: 'TARGET_UNKNOWN',
  expiresAt: null,
};
const changed: AuditRecordView = {
  ...issued,
  ...nothing,
  outcome: 'changed',
  actor: 'u_op',
  what: 'keyring.key_made',
  expiresAt: null,
};

describe('Audit records as OCSF events', () => {
  it('have what every event must have', () => {
    for (const record of [issued, refused, changed]) {
      const event = ocsfEvent(record, '1.0.0') as Record<string, number>;
      for (const required of ['activity_id', 'category_uid', 'class_uid', 'severity_id', 'time', 'type_uid', 'metadata'])
        expect(event[required]).toBeDefined();
      expect(event['type_uid']).toBe(Number(event['class_uid']) * 100 + Number(event['activity_id']));
      expect(event['time']).toBe(record.at);
      expect(JSON.stringify(event)).not.toContain('null');
    }
  });

  it('are authentications where a token was asked for, with a user and a service', () => {
    expect(ocsfEvent(issued, '1.0.0')).toMatchObject({
      class_uid: 3002,
      status_id: 1,
      user: { uid: 'u_1' },
      service: { name: 'https://api.acme.test/billing' },
      session: { uid: 'token-1', expiration_time: 1_790_000_600_000 },
      metadata: { uid: issued.id, sequence: 7, product: { name: 'Countersign', version: '1.0.0' } },
    });
    expect(ocsfEvent(refused, '1.0.0')).toMatchObject({
      class_uid: 3002,
      status_id: 2,
      status_code: 'TARGET_UNKNOWN',
      user: { uid: 'unknown' },
    });
  });

  it('are API activity where something was changed, with actor, api and source', () => {
    expect(ocsfEvent(changed, '1.0.0')).toMatchObject({
      class_uid: 6003,
      activity_id: 1,
      actor: { user: { uid: 'u_op' } },
      api: { operation: 'keyring.key_made' },
      src_endpoint: { name: 'rest' },
    });
  });
});

describe('The audit trail for people', () => {
  it('is one line a record', () => {
    expect(recordLine(issued)).toBe(
      '2026-09-21T14:13:20.123Z  issued  portal u_1  https://api.acme.test/billing  7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11',
    );
    expect(recordLine({ ...refused, erased: true })).toMatch(/refused {2}portal - {2}TARGET_UNKNOWN {2}.*\(erased\)$/);
    expect(recordLine(changed)).toContain('changed  u_op  keyring.key_made');
  });

  it('is told to be whole or where it is not', () => {
    const verdict: AuditVerdict = {
      whole: true,
      records: 9,
      chains: 2,
      checkpoints: 3,
      outside: { number: 3, at: issued.at },
      newest: { number: 3, at: issued.at },
      stale: null,
      erased: { inChains: [], accountedFor: 0 },
      checkpointFaults: [],
      chainFaults: [],
      warnings: [],
    };
    expect(verdictLines(verdict).at(-1)).toMatch(/^whole/);
    const lines = verdictLines({
      ...verdict,
      whole: false,
      checkpointFaults: [{ kind: 'checkpoint-missing', number: 2, because: 'it is not in the database' }],
      chainFaults: [{ kind: 'deleted', chain: 'c', sequence: 4, count: 2, recordId: issued.id, at: issued.at }],
    });
    expect(lines).toContain('FAULT checkpoint-missing: checkpoint 2: it is not in the database');
    expect(lines.join('\n')).toMatch(/FAULT deleted: chain c, records 4 to 5: records are missing \(at or after record 0199/);
    expect(lines.at(-1)).toBe('NOT whole');
  });

  it('is searched by what is named, times as moments or as how long ago', () => {
    const command = withSearchOptions(new Command('search').exitOverride(), () => 10_000_000);
    command.parse(['--client', 'portal', '--outcome', 'refused', '--since', '2h', '--until', '2026-01-31T12:00:00Z'], {
      from: 'user',
    });
    expect(queryOf(command.opts<SearchOptions>())).toEqual({
      clientId: 'portal',
      outcome: 'refused',
      since: 10_000_000 - 7_200_000,
      until: Date.UTC(2026, 0, 31, 12),
    });
    const quiet = withSearchOptions(new Command('search').exitOverride().configureOutput({ writeErr: () => undefined }), () => 0);
    for (const wrong of [
      ['--since', 'yesterday'],
      ['--outcome', 'other'],
    ])
      expect(() => quiet.parse(wrong, { from: 'user' })).toThrow();
  });
});
