import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { KeyMove } from './contract.js';
import { isKnownMove } from './key-states.js';
import type { Database } from '#utilities/database/contract.js';
import { KEY_COLUMNS, keyParameters, type NewKey } from './key.store.js';

export interface KeyringStoreDeps {
  readonly database: Database;
  /** Times that hold whoever asks: a planner with other numbers cannot get past them. */
  readonly prePublishSeconds: number;
  readonly retireAfterSeconds: number;
}

const LEASE = 'keyring';

const TAKE_LEASE = `
  insert into work_lease as held (tenant_id, name, holder, fence, expires_at)
  values ($1, $2, $3, 1, clock_timestamp() + make_interval(secs => $4))
  on conflict (tenant_id, name) do update set
    holder = excluded.holder,
    fence = case when held.holder = excluded.holder and held.expires_at > clock_timestamp() then held.fence else held.fence + 1 end,
    expires_at = excluded.expires_at
  where held.holder = excluded.holder or held.expires_at <= clock_timestamp()
  returning fence::float8 as fence`;

/** Waits for a change that is under way; whoever decided on the epoch before it then finds none to change. */
const COUNT_UP = `
  update keyring_epoch set epoch = greatest(epoch, $3) + 1, installation_id = coalesce(installation_id, gen_random_uuid())
  where tenant_id = $1 and epoch = $2
  returning epoch::float8 as epoch`;

/** What each state leaves behind in the row. The private half goes with the right to sign. */
const DROP_PRIVATE_HALF = `sealed = null, wrapped_data_key = null, key_encryption_key_id = null, format_version = null,
  stopped_at = coalesce(stopped_at, clock_timestamp())`;
const ENTER: Readonly<Record<KeyMove['to'], string>> = {
  pending: 'published_at = null',
  published: `published_at = clock_timestamp()`,
  active: `activated_at = clock_timestamp(), published_at = coalesce(published_at, clock_timestamp()), signs_at_once = signs_at_once or $5`,
  retiring: DROP_PRIVATE_HALF,
  tainted: DROP_PRIVATE_HALF,
  retired: `${DROP_PRIVATE_HALF}, ended_at = clock_timestamp()`,
  revoked: `${DROP_PRIVATE_HALF}, ended_at = coalesce(ended_at, clock_timestamp())`,
};

/** What the row and the time of the database must allow. A key that stands by never becomes active, and alone retires without having been. */
const ALLOWED = `case
    when $4 = 'active' and standby then false
    when $4 = 'active' then $5 or signs_at_once or published_at <= clock_timestamp() - make_interval(secs => $6)
    when $4 = 'retiring' and state = 'published' then standby
    when $4 = 'retired' and state in ('retiring', 'tainted') then stopped_at <= clock_timestamp() - make_interval(secs => $7)
    else true end`;

const moveTo = (state: KeyMove['to']): string => `
  update signing_key set state = $4, ${ENTER[state]}, epoch = (select epoch from keyring_epoch where tenant_id = $1)
  where tenant_id = $1 and kid = $2 and state = $3 and (${ALLOWED})
  returning kid`;

const INSERT_PENDING = `
  insert into signing_key ${KEY_COLUMNS}
  select $1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9, $10, $11,
    (select epoch from keyring_epoch where tenant_id = $1), clock_timestamp(), null, null, false
  on conflict do nothing
  returning kid`;

const MARK_STANDBY = 'update signing_key set standby = true where tenant_id = $1 and kid = $2';

/** Keys whose private half a backend holds outside of this database, and may hold still though they have stopped. */
const STOPPED_ELSEWHERE = `
  select kid, backend, reference from signing_key
  where tenant_id = $1 and backend <> 'local' and private_half_ended_at is null
    and state not in ('pending', 'published', 'active')`;

export interface StoppedKey {
  readonly kid: string;
  readonly backend: string;
  readonly reference: string;
}

/** Changes the keyring, in the unit of work of the caller. */
export class KeyringStore {
  constructor(private readonly deps: KeyringStoreDeps) {}

  /** Answers the fencing number, or `undefined` while another holds the lease. */
  async takeLease(holder: string, seconds: number): Promise<number | undefined> {
    const parameters = [PLATFORM_TENANT, LEASE, holder, seconds];
    const [taken] = await this.deps.database.query<{ fence: number }>(TAKE_LEASE, parameters);
    return taken?.fence;
  }

  /** @throws CodedError `KEYRING_CHANGED` when another holds the lease now */
  async checkFence(fence: number): Promise<void> {
    const held = await this.deps.database.query(
      'select 1 as held from work_lease where tenant_id = $1 and name = $2 and fence = $3 for share',
      [PLATFORM_TENANT, LEASE, fence],
    );
    if (held.length === 0) throw changed('the lease on keyring work was lost');
  }

  /** Answers the new epoch. @throws CodedError `KEYRING_CHANGED` */
  async countUp(expectedEpoch: number, floor: number): Promise<number> {
    await this.deps.database.query('insert into keyring_epoch (tenant_id, epoch) values ($1, 0) on conflict do nothing', [
      PLATFORM_TENANT,
    ]);
    const [counted] = await this.deps.database.query<{ epoch: number }>(COUNT_UP, [PLATFORM_TENANT, expectedEpoch, floor]);
    if (counted === undefined) throw changed(`the epoch is not ${String(expectedEpoch)} any more`);
    return counted.epoch;
  }

  /** @throws CodedError `KEYRING_CHANGED` when the key is there already */
  async add(key: NewKey): Promise<void> {
    const added = await this.deps.database.query(INSERT_PENDING, keyParameters(key));
    if (added.length === 0) throw changed(`key ${key.kid} is in the ring already`);
    if (key.standby === true) await this.deps.database.query(MARK_STANDBY, [PLATFORM_TENANT, key.kid]);
  }

  /** @throws CodedError `KEYRING_CHANGED`, `KEYRING_MOVE_REFUSED` */
  async move(move: KeyMove): Promise<void> {
    if (!isKnownMove(move)) throw refused(`${move.from} to ${move.to}: there is no such move`);

    const { prePublishSeconds, retireAfterSeconds } = this.deps;
    const moved = await this.deps.database.query(moveTo(move.to), [
      PLATFORM_TENANT,
      move.kid,
      move.from,
      move.to,
      move.atOnce ?? false,
      prePublishSeconds,
      retireAfterSeconds,
    ]);
    if (moved.length === 0) throw await this.whyNot(move);
  }

  stoppedElsewhere(): Promise<StoppedKey[]> {
    return this.deps.database.query<StoppedKey>(STOPPED_ELSEWHERE, [PLATFORM_TENANT]);
  }

  async notePrivateHalfEnded(kid: string): Promise<void> {
    await this.deps.database.query(
      'update signing_key set private_half_ended_at = clock_timestamp() where tenant_id = $1 and kid = $2',
      [PLATFORM_TENANT, kid],
    );
  }

  private async whyNot(move: KeyMove): Promise<CodedError> {
    const [row] = await this.deps.database.query<{ state: string }>(
      'select state from signing_key where tenant_id = $1 and kid = $2',
      [PLATFORM_TENANT, move.kid],
    );
    if (row?.state !== move.from) return changed(`key ${move.kid} is ${row?.state ?? 'not there'}, expected ${move.from}`);
    return refused(`${move.from} to ${move.to}: not this key, or not yet by the time of the database`);
  }
}

function changed(internal: string): CodedError {
  return new CodedError('KEYRING_CHANGED', { actual: internal, retryAfterSeconds: 1 });
}

function refused(actual: string): CodedError {
  return new CodedError('KEYRING_MOVE_REFUSED', { actual });
}
