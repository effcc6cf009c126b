import type { Database } from '#utilities/database/contract.js';
import { IdentifiedKind, type Layout } from './identified.kind.js';
import type { Listed, Listing, RecordOf, Scope, Stored } from './live.kind.js';

type Subscription = RecordOf<'subscription'>;

interface SubscriptionRow {
  readonly id: string;
  readonly tier: string;
  readonly valid_from: number | null;
  readonly valid_until: number | null;
  readonly grace_until: number | null;
}

const SUBSCRIPTIONS: Layout<Subscription, SubscriptionRow> = {
  table: 'subscription',
  columns: 'id, tier, valid_from::float8, valid_until::float8, grace_until::float8',
  upsert: `
    insert into subscription (tenant_id, id, tier, valid_from, valid_until, grace_until)
    select $1::uuid, id, tier, valid_from, valid_until, grace_until
    from jsonb_to_recordset($2) as r (id uuid, tier text, valid_from bigint, valid_until bigint, grace_until bigint)
    on conflict (tenant_id, id) do update set tier = excluded.tier, valid_from = excluded.valid_from,
      valid_until = excluded.valid_until, grace_until = excluded.grace_until`,
  learn: () => Promise.resolve(),
  contentOf: ({ tier, valid, graceUntil }) => [tier, valid, graceUntil],
  toRow: (_scope, { tier, valid, graceUntil }) => ({
    tier,
    valid_from: valid.from,
    valid_until: valid.until,
    grace_until: graceUntil,
  }),
  toRecord: (_scope, row) => ({
    kind: 'subscription',
    id: row.id,
    tier: row.tier,
    valid: { from: row.valid_from, until: row.valid_until },
    graceUntil: row.grace_until,
  }),
};

/** A tenant has few, so all are looked at. */
export class SubscriptionKind extends IdentifiedKind<Subscription, SubscriptionRow> {
  constructor(database: Database) {
    super(database, SUBSCRIPTIONS);
  }

  async list(scope: Scope, { prefix, after, limit }: Listing): Promise<Listed<Subscription>[]> {
    const all = await this.neighbours(scope);
    return all
      .filter(({ id }) => id.startsWith(prefix) && (after === null || id > after))
      .slice(0, limit + 1)
      .map((stored) => ({ ...stored, place: stored.id }));
  }

  protected override async neighbours(scope: Scope): Promise<Stored<Subscription>[]> {
    const sql = `select ${SUBSCRIPTIONS.columns} from subscription where tenant_id = $1 order by id`;
    return this.stored(scope, await this.database.query<SubscriptionRow>(sql, [scope.tenantId]));
  }
}
