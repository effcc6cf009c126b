import type { Database } from '#utilities/database/contract.js';

/** Another transaction with the same digest is waited for: it is told here whether it came first. */
const MARK = `
  insert into used_id (digest, ends_at) values ($1, to_timestamp($2::float8))
  on conflict do nothing returning 1 as marked`;

/**
 * SECURITY: the clock of a process may be behind that of the database, and such a process still accepts what has ended here. What
 * has ended is kept for five minutes more, far beyond any such difference.
 */
const REMOVE_ENDED = `
  delete from used_id where digest in (
    select digest from used_id where ends_at < now() - interval '5 minutes' order by ends_at limit $1 for update skip locked)`;

export class UsedIdStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** Whether nobody had marked it before. Committed when this returns. @throws CodedError `STORE_UNAVAILABLE` */
  async mark(digest: Buffer, until: number): Promise<boolean> {
    const rows = await this.deps.database.prepared('used-id-mark', MARK, [digest, until]);
    return rows.length === 1;
  }

  /** Removes at most so many that have ended. Replicas that do it at once take different ones. */
  async removeEnded(atMost: number): Promise<void> {
    await this.deps.database.prepared('used-id-remove', REMOVE_ENDED, [atMost]);
  }
}
