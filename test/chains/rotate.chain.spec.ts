import { describe, expect, it } from '@jest/globals';
import type { ChangeRecord } from '#accessors/audit/contract.js';
import type { Keyring, KeyRecord, KeyringAccess, KeyringChange } from '#accessors/key/contract.js';
import { KeyringTimer } from '#clients/timers/keyring.timer.js';
import { DefaultSigningEngine } from '#engines/signing/default.signing.engine.js';
import { DefaultKeyringManager } from '#managers/keyring/default.keyring.manager.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import { SilentLogger } from '../support/silent.logger.js';
import { recorded } from './recorder.js';

const DAY = 86_400_000;

const LEASE = ['KeyringManager.advance', 'KeyringAccess.takeLease', 'KeyringAccess.settle'];
const PLAN = ['KeyringAccess.keyring', 'SigningEngine.planRotation'];
const COMMIT = ['UnitOfWork.run', 'KeyringAccess.change', 'ChangeTrail.recordWithin', 'KeyringAccess.settle'];
/** What the answer shows of the time to come. */
const REPORT = ['SigningEngine.planRotation'];

describe('The rotation chain', () => {
  it('is exactly this for the timer, when a key nears the end of its period', async () => {
    const house = buildHouse();
    house.daysPass(29);
    await house.timer.tick();
    expect(house.calls).toEqual([
      ...LEASE,
      ...[...PLAN, 'KeyringAccess.makeKey', ...COMMIT],
      ...[...PLAN, ...COMMIT],
      ...[...PLAN, ...REPORT],
    ]);
    expect(house.records).toMatchObject([{ what: 'keyring.key_staged' }, { what: 'keyring.key_published' }]);
  });

  it('replaces the key in one change, with one record', async () => {
    const house = buildHouse();
    house.daysPass(29);
    await house.timer.tick();
    house.daysPass(1);
    house.calls.splice(0);
    await house.timer.tick();
    expect(house.calls).toEqual([...LEASE, ...[...PLAN, ...COMMIT], ...[...PLAN, ...REPORT]]);
    expect(house.changes.at(-1)?.moves).toEqual([
      { kid: 'first', from: 'active', to: 'retiring' },
      { kid: 'made-1', from: 'published', to: 'active' },
    ]);
    expect(house.records.at(-1)).toMatchObject({ what: 'keyring.key_activated' });
  });

  it('does nothing without the lease', async () => {
    const house = buildHouse({ isLeaseTaken: true });
    house.daysPass(29);
    await house.timer.tick();
    expect(house.calls).toEqual(['KeyringManager.advance', 'KeyringAccess.takeLease', ...PLAN]);
    expect(house.changes).toEqual([]);
  });

  it('needs no lease for an operator, who says when', async () => {
    const house = buildHouse();
    await house.manager.rotate({ diagnosticId: 'd', transport: 'cli' }, { validateOnly: false });
    expect(house.calls.filter((call) => call !== 'SigningEngine.planRotation' && call !== 'KeyringAccess.keyring')).toEqual([
      'KeyringManager.rotate',
      'KeyringAccess.makeKey',
      ...COMMIT,
      ...COMMIT,
    ]);
    expect(house.changes.map(({ fence }) => fence)).toEqual([null, null]);
  });
});

function buildHouse({ isLeaseTaken = false } = {}) {
  const calls: string[] = [];
  const records: ChangeRecord[] = [];
  const changes: KeyringChange[] = [];
  const ring = new RingInMemory(changes, isLeaseTaken);
  const clock = new ManualClock();
  const ids = { random: () => 'random', ordered: () => 'ordered' };
  const logger = new SilentLogger();
  const unused = (): never => {
    throw new Error('not part of this use case');
  };
  const keyAccess = {
    activeKey: unused,
    signWith: unused,
    keyedDigest: unused,
    seal: unused,
    unseal: unused,
    publishedKeys: unused,
    verificationKey: unused,
    prepare: unused,
  };
  const engine = new DefaultSigningEngine({ keyAccess, clock, ids, issuer: 'https://a.example', defaultLifetimeSeconds: 600 });
  const recordWithin = (_context: unknown, record: ChangeRecord): Promise<void> => {
    records.push(record);
    return Promise.resolve();
  };
  const manager = recorded(
    'KeyringManager',
    new DefaultKeyringManager({
      keyAccess,
      revocationAccess: { current: () => ({ sequence: 0, revocations: [] }) },
      keyringAccess: recorded<KeyringAccess>('KeyringAccess', ring, calls),
      auditAccess: { record: unused },
      changeTrail: recorded('ChangeTrail', { recordWithin, issuedUnder: unused }, calls),
      signingEngine: recorded('SigningEngine', engine, calls),
      unitOfWork: recorded('UnitOfWork', { run: <Result>(work: () => Promise<Result>) => work() }, calls),
      policy: { algorithms: ['ES256'], ...usualRotation() },
      logger,
      ids,
      clock,
    }),
    calls,
  );
  const timer = new KeyringTimer({ keyring: manager, ids, logger });
  return { manager, timer, calls, records, changes, daysPass: (days: number) => ring.pass(days * DAY) };
}

/** A keyring without a database: one key that signs since now. */
class RingInMemory implements KeyringAccess {
  private epoch = 1;
  private now = 1_790_000_000_000;
  private made = 0;
  private keys: KeyRecord[] = [keyRecord('first', 'active', this.now)];

  constructor(
    private readonly changes: KeyringChange[],
    private readonly isLeaseTaken: boolean,
  ) {}

  pass(milliseconds: number): void {
    this.now += milliseconds;
  }

  keyring(): Promise<Keyring> {
    return Promise.resolve({ epoch: this.epoch, floor: 0, now: this.now, keys: this.keys });
  }

  keepKey() {
    return this.makeKey();
  }

  makeStandbyKey() {
    return this.makeKey();
  }

  makeKey() {
    this.made += 1;
    return Promise.resolve({ kid: `made-${String(this.made)}`, algorithm: 'ES256', backend: 'local' } as const);
  }

  findKey(): never {
    throw new Error('not part of this use case');
  }

  change(_context: unknown, change: KeyringChange): Promise<number> {
    this.changes.push(change);
    for (const { kid } of change.add ?? []) this.keys.push(keyRecord(kid, 'pending', this.now));
    for (const { kid, to } of change.moves ?? []) {
      const times =
        to === 'published' ? { publishedAt: this.now } : to === 'active' ? { activatedAt: this.now } : { stoppedAt: this.now };
      this.keys = this.keys.map((key) => (key.kid === kid ? { ...key, state: to, ...times } : key));
    }
    this.epoch += 1;
    return Promise.resolve(this.epoch);
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  takeLease(): Promise<number | undefined> {
    return Promise.resolve(this.isLeaseTaken ? undefined : 1);
  }
}

function keyRecord(kid: string, state: 'active' | 'pending', at: number): KeyRecord {
  const times = state === 'active' ? { publishedAt: at, activatedAt: at } : { publishedAt: null, activatedAt: null };
  const frame = {
    algorithm: 'ES256',
    backend: 'local',
    jwk: {},
    signsAtOnce: false,
    createdAt: at,
    stoppedAt: null,
    endedAt: null,
  } as const;
  return { kid, state, ...frame, ...times };
}
