import type { KeyringManager } from '#managers/keyring/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { PeriodicTimer, type TimerParts } from './periodic.timer.js';

interface Dependencies extends TimerParts {
  readonly keyring: Pick<KeyringManager, 'advance'>;
}

/** Does the steps of rotation that are due, about once a minute. */
export class KeyringTimer extends PeriodicTimer {
  constructor(private readonly deps: Dependencies) {
    const next = 'tried again within 75 s; countersign keys status says what is due, the page of the code what is wrong';
    super(deps, { everyMs: 60_000, jitterMs: 15_000, failure: { event: 'keyring.advance_failed', next } });
  }

  protected async round(context: CallContext): Promise<void> {
    const { keyring, logger } = this.deps;
    const { done } = await keyring.advance(context);
    for (const { kind, kid, algorithm } of done)
      logger.info('keyring.advanced', { kind, kid: kid ?? 'new', algorithm, diagnosticId: context.diagnosticId });
  }
}

export const KEYRING_TIMER: unique symbol = Symbol('KeyringTimer');
