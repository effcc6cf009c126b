import { describe, expect, it } from '@jest/globals';
import type { AuditAccess, ChangeRecord, ExchangeRecord, RefusalRecord } from '#accessors/audit/contract.js';
import type { KeyAccess, PublishedKey, SecretPurpose } from '#accessors/key/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { DefaultKeyringManager } from './default.keyring.manager.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'timer' } as const;

describe('DefaultKeyringManager', () => {
  it('records each key and each secret that was made', async () => {
    const { manager, records } = build({ madeKeys: ['kid-1'], madeSecrets: ['subject-pseudonym'] });
    await manager.prepare(context);
    expect(records).toEqual([
      { outcome: 'changed', what: 'keyring.key_made', detail: 'kid-1' },
      { outcome: 'changed', what: 'keyring.secret_made', detail: 'subject-pseudonym' },
    ]);
  });

  it('records nothing when nothing was made', async () => {
    const { manager, records } = build({ madeKeys: [], madeSecrets: [] });
    await manager.prepare(context);
    expect(records).toEqual([]);
  });

  it('is not prepared when that could not be recorded', async () => {
    const { manager } = build({ madeKeys: ['kid-1'], madeSecrets: [] }, new CodedError('AUDIT_UNAVAILABLE'));
    await expect(manager.prepare(context)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });

  it('answers the published keys', async () => {
    const { manager, published } = build({ madeKeys: [], madeSecrets: [] });
    expect(await manager.publishedKeys(context)).toBe(published);
  });
});

function build(made: { madeKeys: readonly string[]; madeSecrets: readonly SecretPurpose[] }, auditFailure?: Error) {
  const records: (ExchangeRecord | RefusalRecord | ChangeRecord)[] = [];
  const published: readonly PublishedKey[] = [{ kid: 'kid-1', jwk: { kty: 'EC' } }];
  const unused = (): never => {
    throw new Error('not part of this use case');
  };
  const keyAccess: KeyAccess = {
    activeKey: unused,
    signWith: unused,
    keyedDigest: unused,
    publishedKeys: () => Promise.resolve(published),
    prepare: () => Promise.resolve(made),
  };
  const auditAccess: AuditAccess = {
    record: async (_context, record) => {
      if (auditFailure !== undefined) throw auditFailure;
      records.push(record);
    },
  };
  return { manager: new DefaultKeyringManager({ keyAccess, auditAccess }), records, published };
}
