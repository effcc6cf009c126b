import { randomFillSync } from 'node:crypto';
import type { IdSource } from '#utilities/id/contract.js';
import type { RecordParts } from './canonical-record.js';
import type { ChainHead } from '../audit-evidence.contract.js';
import { chainOrigin, erasableDigest, recordHash } from './record-hash.js';

/** Records with their places in a chain, as JSON texts whose members are named like the columns. */
export interface LinkedBatch {
  readonly rows: readonly string[];
  /** The last of them; its hash is that of the whole batch, since each covers the one before. */
  readonly head: ChainHead;
}

const SALT_BYTES = 16;
const POOL_BYTES = 256 * SALT_BYTES;

/**
 * One hash chain of this process. Records are linked in the order in which they are committed, one batch after the other.
 *
 * INVARIANT: at most one batch is between `link` and `settled` or `lost`.
 */
export class AuditChain {
  private head: ChainHead;
  private readonly pool = Buffer.alloc(POOL_BYTES);
  private used = POOL_BYTES;

  constructor(private readonly deps: { readonly ids: IdSource }) {
    this.head = this.beginning();
  }

  /** Gives each record its place behind what was settled. */
  link(records: readonly RecordParts[]): LinkedBatch {
    const { chain } = this.head;
    let { sequence, hash } = this.head;
    const rows = records.map((record) => {
      sequence += 1;
      const salt = this.freshSalt();
      hash = recordHash(
        hash,
        { chain, sequence },
        { fixed: record.fixed, erasableDigest: erasableDigest(salt, record.erasable) },
      );
      return linkedRow(record, `"chain":"${chain}","sequence":${String(sequence)},"salt":"\\\\x${salt}","hash":"\\\\x${hash}"`);
    });
    return { rows, head: { chain, sequence, hash } };
  }

  /** The batch is committed: the next one follows it. */
  settled({ head }: LinkedBatch): void {
    this.head = head;
  }

  /** Nobody knows whether the batch was committed, or will be: what comes next must not depend on it. */
  lost(): void {
    this.head = this.beginning();
  }

  private beginning(): ChainHead {
    const chain = this.deps.ids.ordered();
    return { chain, sequence: 0, hash: chainOrigin(chain) };
  }

  private freshSalt(): string {
    if (this.used >= POOL_BYTES) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    const from = this.used;
    this.used += SALT_BYTES;
    return this.pool.toString('hex', from, this.used);
  }
}

function linkedRow({ fixed, erasable }: RecordParts, link: string): string {
  const between = erasable === '{}' ? '' : `${erasable.slice(1, -1)},`;
  return `${fixed.slice(0, -1)},${between}${link}}`;
}
