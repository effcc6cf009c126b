import { isDeepStrictEqual } from 'node:util';
import type { LiveChange, LiveRecord } from '../live-data.contract.js';
import type { LiveFaults } from './live-fault.js';
import { KINDS, type LiveKinds, type TenantsKind } from './live.kinds.js';
import type { Item, Planned, RecordOf, Scope, Stored } from './live.kind.js';
import { isOf, principalsOf } from './live-record.form.js';

/** What becomes of a record of the order. */
export interface NumberedChange {
  readonly number: number;
  readonly change: LiveChange;
}

/** Brings the rows of one tenant to the states that an order asks for. Works everything out first, so that all faults are known. */
export class LiveWriter {
  constructor(private readonly kinds: LiveKinds) {}

  async plan(scope: Scope, items: readonly Item[]): Promise<Map<TenantsKind, readonly Planned[]>> {
    await this.learn(scope, items);
    refuseAbsent(scope, items);
    const plans = new Map<TenantsKind, readonly Planned[]>();
    for (const kind of KINDS) {
      const own = items.filter(({ number, record }) => isOf(record, kind) && scope.faults.isSound(number));
      if (own.length > 0) plans.set(kind, await this.planKind(scope, kind, own));
    }
    return plans;
  }

  /** Touches nothing that is as it should be: that would count as a change of the tenant's data. */
  async write(scope: Scope, plans: ReadonlyMap<TenantsKind, readonly Planned[]>): Promise<NumberedChange[]> {
    const changes: NumberedChange[] = [];
    for (const [kind, planned] of plans) {
      const store = this.kinds.of(kind);
      await store.write(scope, planned.filter(isChanged));
      for (const each of planned) changes.push({ number: each.number, change: toChange(kind, store.nameOf(each), each) });
    }
    return changes;
  }

  /** Ids of everybody that the order speaks of; new ones get theirs now. */
  private async learn(scope: Scope, items: readonly Item[]): Promise<void> {
    const groups = items.map(({ record }) => record).filter((record) => isOf(record, 'group'));
    const subjects = items.map(({ record }) => record).filter((record) => isOf(record, 'subject'));
    const spoken = items.flatMap(({ record }) => principalsOf(record));
    for (const [type, own] of [['group', groups] as const, ['subject', subjects] as const]) {
      const keys = own.map(({ key }) => key);
      const others = spoken.filter((principal) => principal.type === type).map(({ key }) => key);
      await scope.principals.learnKeys(type, [...keys, ...others]);
      for (const key of keys) {
        if (scope.principals.idOf({ type, key }) === undefined) scope.principals.add(type, { id: scope.newId(), key });
      }
    }
  }

  private async planKind(scope: Scope, kind: TenantsKind, items: readonly Item[]): Promise<readonly Planned[]> {
    const store = this.kinds.of(kind);
    const stored = await store.match(scope, items);
    const planned = items.map((item, index) => planOf(scope, item, stored[index]));
    const names = new Map<string, number>();
    for (const each of planned) {
      const name = store.nameOf(each);
      const other = names.get(name);
      if (other !== undefined) scope.faults.add(each.number, `is about the same ${kind} as records[${other}]`);
      names.set(name, each.number);
    }
    await store.verify?.(scope, planned);
    return planned;
  }
}

function planOf<Row extends LiveRecord>(
  scope: Scope,
  { number, record }: Item<Row>,
  stored: Stored<Row> | undefined,
): Planned<Row> {
  const id = stored?.id ?? newIdOf(scope, record);
  return { number, id, before: stored?.record ?? null, record: 'id' in record ? { ...record, id } : record };
}

export function isChanged({ before, record }: Planned): boolean {
  return !isDeepStrictEqual(before, record);
}

export function toChange(kind: LiveRecord['kind'], name: string, planned: Planned): LiveChange {
  const outcome = planned.before === null ? 'created' : isChanged(planned) ? 'updated' : 'unchanged';
  return { ref: { kind, name }, outcome, before: planned.before, after: planned.record };
}

export function numbered<Row extends LiveRecord>(records: readonly Row[]): Item<Row>[] {
  return records.map((record, number) => ({ number, record }));
}

function newIdOf(scope: Scope, record: RecordOf<TenantsKind> | LiveRecord): string {
  if (record.kind !== 'group' && record.kind !== 'subject') return scope.newId();
  return scope.principals.idOf({ type: record.kind, key: record.key }) ?? scope.newId();
}

function refuseAbsent(
  { principals, faults }: { principals: Scope['principals']; faults: LiveFaults },
  items: readonly Item[],
): void {
  for (const { number, record } of items) {
    for (const principal of principalsOf(record)) {
      if (principals.idOf(principal) === undefined) faults.add(number, `${principal.type} ${principal.key} is not there`);
    }
  }
}
