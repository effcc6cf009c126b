import { describe, expect, it } from '@jest/globals';
import type { UpkeepReport } from '#managers/administration/audit-administration.contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { AuditTimer } from './audit.timer.js';

const KEPT: UpkeepReport = { partitions: { today: '2026-01-31', made: 0, blocked: 0 }, dropped: [], refused: [], strayBytes: 0 };

describe('The timer of the audit trail', () => {
  it('says what failed and what to do about it, and goes on', async () => {
    const logger = new SilentLogger();
    let isAway = true;
    const answer = <Answer>(value: Answer): Promise<Answer> =>
      isAway ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : Promise.resolve(value);
    const audit = { seal: () => answer({ held: true, made: 1, anchored: 1 }), upkeep: () => answer(KEPT) };
    const timer = new AuditTimer({ audit, logger, ids: new CryptoIdSource({ clock: new ManualClock() }) });
    await timer.tick();
    const failed = { code: 'STORE_UNAVAILABLE', diagnosticId: expect.any(String), next: expect.stringContaining('tried again') };
    expect(logger.lines).toMatchObject([
      { event: 'audit.upkeep_failed', fields: failed },
      { event: 'audit.seal_failed', fields: failed },
    ]);
    isAway = false;
    await timer.tick();
    expect(logger.lines).toHaveLength(2);
  });

  it('makes checkpoints while upkeep takes its time', async () => {
    let sealed = 0;
    let finish = (): void => undefined;
    const audit = {
      seal: () => Promise.resolve({ held: true, made: (sealed += 1), anchored: 0 }),
      upkeep: () => new Promise<UpkeepReport>((resolve) => (finish = () => resolve(KEPT))),
    };
    const ids = new CryptoIdSource({ clock: new ManualClock() });
    const timer = new AuditTimer({ audit, logger: new SilentLogger(), ids });
    const looks = [timer.tick(), timer.tick()];
    await Promise.resolve();
    expect(sealed).toBe(2);
    finish();
    await Promise.all(looks);
  });
});
