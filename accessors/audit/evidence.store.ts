import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database, UnitOfWork } from '#utilities/database/contract.js';
import type { ChainHead, CheckpointRange, NewCheckpoint, StoredCheckpoint } from './audit-evidence.contract.js';
import type { LinkedRecord } from './chain/linked-record.js';
import { RECORD_COLUMNS } from './record-columns.js';

const LEASE = 'audit-checkpoints';

const TAKE_LEASE = `
  insert into work_lease as held (tenant_id, name, holder, fence, expires_at)
  values ($1, $2, $3, 1, clock_timestamp() + make_interval(secs => $4))
  on conflict (tenant_id, name) do update set
    holder = excluded.holder,
    fence = case when held.holder = excluded.holder and held.expires_at > clock_timestamp() then held.fence else held.fence + 1 end,
    expires_at = excluded.expires_at
  where held.holder = excluded.holder or held.expires_at <= clock_timestamp()
  returning fence`;

/**
 * Ids of chains are ordered by time, so the oldest chains come first. SECURITY: a number that cannot be read again would spoil the whole
 * checkpoint, and what it says of all other chains.
 */
const UNSEALED_HEADS = `
  select distinct on (chain) chain::text as chain, sequence::float8 as sequence, encode(hash, 'hex') as hash
  from audit_unsealed where sequence between 1 and ${String(Number.MAX_SAFE_INTEGER)} order by chain, sequence desc limit $1`;

/** What a checkpoint has is taken off the list; a commit that was late stays on it. */
const SEALED = `
  delete from audit_unsealed u using json_to_recordset($1::json) as head (chain uuid, sequence bigint)
  where u.chain = head.chain and u.sequence <= head.sequence`;

const RECORDS_IN_CHAINS = `
  select ${RECORD_COLUMNS} from audit_record r
  where r.chain is not null and ($1::uuid is null or (r.chain, r.sequence, r.id) > ($1::uuid, $2::bigint, $3::uuid))
  order by r.chain, r.sequence, r.id limit $4`;

const RECORDS_OF_CHAIN = `
  select ${RECORD_COLUMNS} from audit_record r
  where r.chain = $1::uuid and r.sequence <= $5 and ($2::bigint is null or (r.sequence, r.id) > ($2::bigint, $3::uuid))
  order by r.chain, r.sequence, r.id limit $4`;

const CHECKPOINTS = `
  select number::float8 as number, document from audit_checkpoint
  where number > $1 and (carries or not $3) and ($4::float8 is null or at >= to_timestamp($4::float8 / 1000))
  order by number limit $2`;

/** They are in no chain that would be walked. */
const ERASED_BEFORE_CHAINS = `
  select count(*)::float8 as records from audit_record r where r.chain is null and r.erased is not null`;

/** Ids of chains begin with the time in milliseconds, so the first one says from when on there are chains. */
const CHAINS_SINCE = `
  select ('x' || left(replace(r.chain::text, '-', ''), 12))::bit(48)::bigint::float8 as since from audit_record r
  where r.chain is not null order by r.chain limit 1`;

/** A record from before chains has none; a later one without one was put there past the service. */
const UNCHAINED = `
  select r.id::text as id, round(extract(epoch from r.at) * 1000)::float8 as at from audit_record r
  where r.chain is null and r.at > to_timestamp($1::float8 / 1000)
    and ($2::float8 is null or r.at < to_timestamp($2::float8 / 1000)) limit 1`;

export const PAGE_OF_RECORDS = 2_000;
/** In a process that answers requests meanwhile. */
const SMALL_PAGE = 200;

/** What the walk has come to. */
export interface WalkPosition {
  readonly chain: string;
  readonly sequence: number;
  readonly id: string;
}

export class EvidenceStore {
  constructor(private readonly deps: { readonly database: Database; readonly unitOfWork: UnitOfWork }) {}

  async hasUnsealed(): Promise<boolean> {
    const [found] = await this.deps.database.prepared<{ there: boolean }>(
      'audit-has-unsealed',
      'select exists (select from audit_unsealed) as there',
      [],
    );
    return found?.there === true;
  }

  async takeLease(holder: string, seconds: number): Promise<boolean> {
    return (await this.deps.database.query(TAKE_LEASE, [PLATFORM_TENANT, LEASE, holder, seconds])).length > 0;
  }

  unsealedHeads(limit: number): Promise<ChainHead[]> {
    return this.deps.database.query<ChainHead>(UNSEALED_HEADS, [limit]);
  }

  addCheckpoint({ number, document, heads, carries }: NewCheckpoint): Promise<boolean> {
    const { database, unitOfWork } = this.deps;
    return unitOfWork.run(async () => {
      const added = await database.query(
        'insert into audit_checkpoint (number, document, carries) values ($1, $2, $3) on conflict do nothing returning number',
        [number, document, carries],
      );
      if (added.length === 0) return false;
      await database.query(SEALED, [JSON.stringify(heads)]);
      return true;
    });
  }

  async lastCheckpoint(): Promise<StoredCheckpoint | undefined> {
    const [last] = await this.deps.database.query<StoredCheckpoint>(
      'select number::float8 as number, document from audit_checkpoint order by number desc limit 1',
    );
    return last;
  }

  checkpoints({ after, limit, carrying, since }: CheckpointRange): Promise<StoredCheckpoint[]> {
    return this.deps.database.query<StoredCheckpoint>(CHECKPOINTS, [after, limit, carrying === true, since ?? null]);
  }

  unanchored(limit: number): Promise<StoredCheckpoint[]> {
    return this.deps.database.query<StoredCheckpoint>(
      'select number::float8 as number, document from audit_checkpoint where anchored_at is null order by number limit $1',
      [limit],
    );
  }

  async markAnchored(number: number): Promise<void> {
    await this.deps.database.query('update audit_checkpoint set anchored_at = clock_timestamp() where number = $1', [number]);
  }

  /** In the order of chains. Each page is a transaction of its own, so that nothing is held for long. */
  recordsAfter(position: WalkPosition | null): Promise<LinkedRecord[]> {
    const { chain, sequence, id } = position ?? { chain: null, sequence: null, id: null };
    return this.inWholeTrail(() =>
      this.deps.database.query<LinkedRecord>(RECORDS_IN_CHAINS, [chain, sequence, id, PAGE_OF_RECORDS]),
    );
  }

  /** Of one chain up to a place, in small pages; each ends where the next one begins. */
  async *recordsOf(chain: string, until: number): AsyncGenerator<LinkedRecord> {
    for (let last: LinkedRecord | undefined; ;) {
      const parameters = [chain, last?.sequence ?? null, last?.id ?? null, SMALL_PAGE, until];
      const page = await this.inWholeTrail(() => this.deps.database.query<LinkedRecord>(RECORDS_OF_CHAIN, parameters));
      yield* page;
      last = page.at(-1);
      if (last === undefined || page.length < SMALL_PAGE) return;
    }
  }

  unchained(before: number | null): Promise<{ readonly id: string; readonly at: number } | undefined> {
    const { database } = this.deps;
    return this.inWholeTrail(async () => {
      const [chains] = await database.query<{ since: number }>(CHAINS_SINCE);
      if (chains === undefined) return undefined;
      const [found] = await database.query<{ id: string; at: number }>(UNCHAINED, [chains.since, before]);
      return found;
    });
  }

  erasedBeforeChains(): Promise<number> {
    return this.inWholeTrail(async () => {
      const [found] = await this.deps.database.query<{ records: number }>(ERASED_BEFORE_CHAINS);
      return found?.records ?? 0;
    });
  }

  private inWholeTrail<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.deps.unitOfWork.run(async () => {
      await this.deps.database.query('select enter_audit()');
      return work();
    });
  }
}
