import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { DecisionRecord, DecisionTrail, RecordedDecision } from './contract.js';
import { decisionRow } from './decision-row.js';
import type { DecisionStore } from './decision.store.js';
import { WriteBehind, type Failure } from './write-behind.js';
import { faultText, isPassingFault, isStatementFault } from './write-fault.js';

interface Dependencies {
  readonly store: DecisionStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly limits?: Partial<typeof LIMITS>;
}

const LIMITS = { maxBatch: 512, maxWaiting: 10_000, lingerMs: 100, longestPauseMs: 5_000, stopWithinMs: 2_000 };

export class PostgresDecisionTrail implements DecisionTrail {
  private readonly queue: WriteBehind<string>;

  constructor(private readonly deps: Dependencies) {
    this.queue = new WriteBehind({
      ...LIMITS,
      ...deps.limits,
      write: (rows) => deps.store.insert(rows),
      failure: (error) => this.failureOf(error),
      dropped: (count, why) => {
        for (let counted = 0; counted < count; counted += 1) deps.counters.increment('decisions.dropped', why);
      },
    });
  }

  note(context: CallContext, record: DecisionRecord): void {
    const { clock, ids } = this.deps;
    this.queue.add(decisionRow(context, record, { id: ids.ordered(), at: clock.now() }));
  }

  decisions(
    _context: CallContext,
    tenantId: string,
    { since, limit }: { readonly since: number; readonly limit: number },
  ): Promise<readonly RecordedDecision[]> {
    return this.deps.store.since(tenantId, since, limit);
  }

  /** Called by the module when the service stops. */
  onModuleDestroy(): Promise<void> {
    return this.queue.stop();
  }

  private failureOf(error: unknown): Failure {
    this.deps.logger.warn('decisions.not_written', { fault: faultText(error) });
    if (isStatementFault(error)) return 'batch';
    if (!isPassingFault(error)) return 'items';
    this.deps.counters.increment('decisions.retries');
    return 'moment';
  }
}
