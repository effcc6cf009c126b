import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import { auditRow, type AuditRecord } from './audit-row.js';
import type { AuditStore } from './audit.store.js';
import type { AuditAccess, ChangeRecord, ChangeTrail, IssuedUnder } from './contract.js';
import { AuditChain, type LinkedBatch } from './chain/audit-chain.js';
import type { RecordParts } from './chain/canonical-record.js';
import { ChainedWriter } from './chain/chained-writer.js';
import { auditUnavailable, blamesTheData, DurableWrite, isAway } from './durable-write.js';
import { GroupCommit } from './group-commit.js';
import type { AuditSpool } from './spool/audit-spool.js';

export interface AuditLimits {
  readonly maxBatch: number;
  readonly maxInFlight: number;
  readonly enoughForAnother: number;
  readonly maxWaiting: number;
  readonly giveUpAfterMs: number;
}

/** With a spool, nobody waits for longer before records go there. */
const GIVE_UP_WITH_SPOOL_MS = 1_000;

/** One connection cannot run two commits at a time, which is all that the embedded database has. */
export function auditLimits(engine: 'postgres' | 'embedded'): AuditLimits {
  return {
    maxBatch: 512,
    maxInFlight: engine === 'postgres' ? 2 : 1,
    enoughForAnother: 32,
    maxWaiting: 10_000,
    giveUpAfterMs: 3_000,
  };
}

interface Dependencies {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly limits: AuditLimits;
  /** Where records go while the database is away; left out: nowhere. */
  readonly spool?: AuditSpool;
  /** How to wait between tries; the timer of the runtime unless something else is wanted. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

export class PostgresAuditAccess implements AuditAccess, ChangeTrail {
  private readonly commits: GroupCommit<RecordParts>;

  constructor(private readonly deps: Dependencies) {
    const { store, limits, counters, spool } = deps;
    const giveUpAfterMs = spool === undefined ? limits.giveUpAfterMs : Math.min(limits.giveUpAfterMs, GIVE_UP_WITH_SPOOL_MS);
    const durableWrite = new DurableWrite({ ...deps, giveUpAfterMs });
    const inDatabase = (batch: LinkedBatch): Promise<void> => durableWrite.run(() => store.insert(batch));
    const writer = new ChainedWriter({
      ids: deps.ids,
      lanes: limits.maxInFlight,
      write: spool === undefined ? inDatabase : (batch) => inEither(spool, inDatabase, batch),
    });
    this.commits = new GroupCommit({
      ...limits,
      commit: (records, lane) => writer.commit(records, lane),
      overflow: () => {
        counters.increment('audit.overflows');
        return auditUnavailable('too many records wait for a commit');
      },
      blamesAnItem: blamesTheData,
    });
  }

  record(context: CallContext, record: AuditRecord): Promise<void> {
    const { clock, ids } = this.deps;
    return this.commits.add(auditRow(context, record, { id: ids.ordered(), at: clock.now() }));
  }

  async recordWithin(context: CallContext, record: ChangeRecord): Promise<void> {
    const { clock, ids, store } = this.deps;
    const row = auditRow(context, record, { id: ids.ordered(), at: clock.now() });
    // Nobody knows when its transaction ends, or how: it is a chain by itself, which others need not wait for.
    const batch = new AuditChain({ ids }).link([row]);
    try {
      await store.insert(batch);
    } catch (cause) {
      throw auditUnavailable('the record of a change could not be written', cause);
    }
  }

  /** Called by the module when the service stops. */
  onModuleDestroy(): Promise<void> | undefined {
    return this.deps.spool?.stop();
  }

  issuedUnder(_context: CallContext, kid: string, since: number): Promise<readonly IssuedUnder[]> {
    return this.deps.store.issuedUnder(kid, since);
  }
}

/** A batch whose outcome is unknown goes to the spool under the same ids, which settles it. */
async function inEither(spool: AuditSpool, inDatabase: (batch: LinkedBatch) => Promise<void>, batch: LinkedBatch): Promise<void> {
  if (spool.isInUse) return spool.keep(batch);
  try {
    await inDatabase(batch);
  } catch (error) {
    if (!isAway(error)) throw error;
    await spool.keep(batch);
  }
}
