import type { ClientAdministration } from '#managers/administration/client-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { PeriodicTimer, type TimerParts } from './periodic.timer.js';

interface Dependencies extends TimerParts {
  readonly clients: Pick<ClientAdministration, 'clients'>;
}

/** Says once a day which clients are weaker than they have to be, or are about to be shut out. First when everything else has started. */
export class ClientWarningsTimer extends PeriodicTimer {
  constructor(private readonly deps: Dependencies) {
    const next = 'tried again tomorrow; countersign client list says the same; see the page of the code';
    super(deps, {
      everyMs: 86_400_000,
      jitterMs: 60_000,
      firstMs: 60_000,
      failure: { event: 'client.warnings_failed', next },
    });
  }

  /** Clients that are kept out are nobody's worry. */
  protected async round(context: CallContext): Promise<void> {
    const { clients, logger } = this.deps;
    for (const { clientId, status, warnings } of await clients.clients(context)) {
      if (status === 'disabled') continue;
      for (const warning of warnings) logger.warn('client.warning', { clientId, warning, diagnosticId: context.diagnosticId });
    }
  }
}

export const CLIENT_WARNINGS_TIMER: unique symbol = Symbol('ClientWarningsTimer');
