import type { IdSource } from '#utilities/id/contract.js';
import { blamesTheData } from '../durable-write.js';
import { AuditChain, type LinkedBatch } from './audit-chain.js';
import type { RecordParts } from './canonical-record.js';

interface Dependencies {
  readonly ids: IdSource;
  /** How many batches may be under way: each has a chain of its own, so that none waits for another's outcome. */
  readonly lanes: number;
  /** Makes the batch durable; may write it several times. */
  readonly write: (batch: LinkedBatch) => Promise<void>;
}

/** Commits batches of records as links of this process's chains. */
export class ChainedWriter {
  private readonly chains: readonly AuditChain[];

  constructor(private readonly deps: Dependencies) {
    this.chains = Array.from({ length: deps.lanes }, () => new AuditChain(deps));
  }

  async commit(records: readonly RecordParts[], lane: number): Promise<void> {
    const chain = this.chains[lane];
    if (chain === undefined) throw new Error(`there is no lane ${String(lane)}`);
    const batch = chain.link(records);
    try {
      await this.deps.write(batch);
    } catch (error) {
      // A batch that the database found fault with is not there: its places are free. Of any other nobody knows.
      if (!blamesTheData(error)) chain.lost();
      throw error;
    }
    chain.settled(batch);
  }
}
