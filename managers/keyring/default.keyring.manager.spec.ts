import { describe, expect, it } from '@jest/globals';
import type { AuditAccess, ChangeRecord, ChangeTrail } from '#accessors/audit/contract.js';
import type { FirstThing, KeyAccess, KeyringAccess, PublishedKey } from '#accessors/key/contract.js';
import { DefaultSigningEngine } from '#engines/signing/default.signing.engine.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { DefaultKeyringManager } from './default.keyring.manager.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'timer' } as const;
const nothingMade: readonly FirstThing[] = [];

describe('DefaultKeyringManager', () => {
  it('records each key and each secret that was made, in the unit of work that adds it', async () => {
    const { manager, records } = build({ made: [{ secret: 'subject-pseudonym' }, { key: 'kid-1' }] });
    await manager.prepare(context);
    expect(records).toEqual([
      'begin',
      { outcome: 'changed', what: 'keyring.secret_made', detail: 'subject-pseudonym' },
      'commit',
      'begin',
      { outcome: 'changed', what: 'keyring.key_made', detail: 'kid-1: first of an empty ring, signs at once' },
      'commit',
    ]);
  });

  it('records nothing when another process was first', async () => {
    const { manager, records } = build({ made: [{ key: 'kid-1' }], isFirst: false });
    await manager.prepare(context);
    expect(records).toEqual(['begin', 'commit']);
  });

  it('is not prepared, and adds nothing, when that could not be recorded', async () => {
    const { manager, records } = build({ made: [{ key: 'kid-1' }], auditFailure: new CodedError('AUDIT_UNAVAILABLE') });
    await expect(manager.prepare(context)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(records).toEqual(['begin']);
  });

  it('answers the published keys', async () => {
    const { manager, published } = build({ made: nothingMade });
    expect(await manager.publishedKeys(context)).toBe(published);
  });

  it('touches nothing under times that would have verifiers miss a key', async () => {
    const { manager } = build({ made: nothingMade, prePublishSeconds: 3600 });
    await expect(manager.prepare(context)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { actual: expect.stringContaining('keys.rotation.prePublishSeconds: 3600, expected at least 47460') },
    });
  });
});

interface World {
  readonly made: readonly FirstThing[];
  readonly isFirst?: boolean;
  readonly auditFailure?: Error;
  readonly prePublishSeconds?: number;
}

function build({ made, isFirst = true, auditFailure, prePublishSeconds = 86_400 }: World) {
  const records: (ChangeRecord | 'begin' | 'commit')[] = [];
  const published: readonly PublishedKey[] = [{ kid: 'kid-1', jwk: { kty: 'EC' } }];
  const unused = (): never => {
    throw new Error('not part of this use case');
  };
  const keyAccess: KeyAccess = {
    activeKey: unused,
    signWith: unused,
    keyedDigest: unused,
    seal: unused,
    unseal: unused,
    publishedKeys: () => Promise.resolve(published),
    verificationKey: unused,
    prepare: async (_context, adding = (_made, add) => add()) => {
      for (const each of made) await adding(each, () => Promise.resolve(isFirst));
      return { madeKeys: [], madeSecrets: [] };
    },
  };
  const keyringAccess: KeyringAccess = {
    keyring: unused,
    makeKey: unused,
    makeStandbyKey: unused,
    keepKey: unused,
    findKey: unused,
    change: unused,
    settle: unused,
    takeLease: unused,
  };
  const auditAccess: AuditAccess = { record: unused };
  const recordWithin: ChangeTrail['recordWithin'] = async (_context, record) => {
    if (auditFailure !== undefined) throw auditFailure;
    records.push(record);
  };
  const unitOfWork: UnitOfWork = {
    run: async (work) => {
      records.push('begin');
      const result = await work();
      records.push('commit');
      return result;
    },
  };
  const clock = new ManualClock();
  const ids = { random: () => 'random', ordered: () => 'ordered' };
  const nothing = { sequence: 0, revocations: [] };
  const manager = new DefaultKeyringManager({
    keyAccess,
    revocationAccess: { current: () => nothing },
    keyringAccess,
    auditAccess,
    changeTrail: { recordWithin, issuedUnder: unused },
    signingEngine: new DefaultSigningEngine({ keyAccess, clock, ids, issuer: 'https://a.example', defaultLifetimeSeconds: 600 }),
    unitOfWork,
    policy: { algorithms: ['ES256'], ...usualRotation(), prePublishSeconds },
    logger: new SilentLogger(),
    ids,
    clock,
  });
  return { manager, records, published };
}
