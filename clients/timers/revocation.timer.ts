import type { RevocationAdministration } from '#managers/administration/revocation-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { PeriodicTimer, type TimerParts } from './periodic.timer.js';

interface Dependencies extends TimerParts {
  readonly administration: Pick<RevocationAdministration, 'removeEnded'>;
}

/** Forgets ended revocations, about every ten minutes. Any number of processes may: rows that one is removing the others leave to it. */
export class RevocationTimer extends PeriodicTimer {
  constructor(private readonly deps: Dependencies) {
    const next = 'tried again within 12 min; ended revocations only take up room until then; see the page of the code';
    super(deps, { everyMs: 600_000, jitterMs: 120_000, failure: { event: 'revocations.not_forgotten', next } });
  }

  protected async round(context: CallContext): Promise<void> {
    const { administration, logger } = this.deps;
    const removed = await administration.removeEnded(context);
    if (removed > 0) logger.info('revocations.forgotten', { removed, diagnosticId: context.diagnosticId });
  }
}

export const REVOCATION_TIMER: unique symbol = Symbol('RevocationTimer');
