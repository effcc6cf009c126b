import { isDeepStrictEqual } from 'node:util';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { RecordOutcome } from '../contract.js';
import type { LiveChange, LiveKind, LiveRecord, Principal } from '../live-data.contract.js';
import { PrincipalDirectory } from '../stores/principal.directory.js';
import { ChangeLogStore } from './change-log.store.js';
import { LiveFaults } from './live-fault.js';
import type { Scope, Stored } from './live.kind.js';
import { liveKinds, type LiveKinds } from './live.kinds.js';
import { TenantKind } from './tenant.kind.js';

/** Whose rows somebody is about to write who does not say which ones. */
export type Watched =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'group' | 'subject'; readonly keys: readonly string[] }
  | { readonly kind: 'assignment'; readonly principals: readonly Principal[] };

interface Seen {
  readonly kind: LiveKind;
  readonly name: string;
  readonly record: LiveRecord;
}

/** Enters into the change log what becomes of rows that are written past the kinds: it looks before and after. */
export class ChangeJournal {
  private readonly kinds: LiveKinds;
  private readonly tenants: TenantKind;
  private readonly log: ChangeLogStore;

  constructor(private readonly deps: { readonly database: Database }) {
    this.kinds = liveKinds(deps.database);
    this.tenants = new TenantKind(deps);
    this.log = new ChangeLogStore(deps);
  }

  /** Within the caller's unit of work, which holds the locks of the tenants: nobody else changes these rows meanwhile. */
  async around<Outcome extends RecordOutcome | readonly RecordOutcome[]>(
    context: CallContext,
    watched: ReadonlyMap<string, Watched>,
    work: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const before = new Map<string, ReadonlyMap<string, Seen>>();
    for (const [tenantId, each] of watched) before.set(tenantId, await this.look(tenantId, each));
    const outcome = await work();
    if ([outcome].flat().every((each) => each === 'unchanged')) return outcome;
    for (const [tenantId, each] of watched) {
      const changes = changesBetween(before.get(tenantId) ?? NOTHING, await this.look(tenantId, each));
      await this.log.add(
        authorOf(context),
        changes.map((change) => ({ tenantId, change })),
      );
    }
    return outcome;
  }

  private async look(tenantId: string, watched: Watched): Promise<ReadonlyMap<string, Seen>> {
    const { database } = this.deps;
    const principals = new PrincipalDirectory({ database, tenantId });
    const scope: Scope = { tenantId, principals, faults: new LiveFaults(), newId: () => '' };
    const seen = new Map<string, Seen>();
    for (const [kind, rows] of await this.rowsOf(scope, watched)) {
      for (const row of rows) {
        const name = this.nameOf(row);
        seen.set(`${kind} ${name}`, { kind, name, record: row.record });
      }
    }
    return seen;
  }

  private async rowsOf(scope: Scope, watched: Watched): Promise<readonly (readonly [LiveKind, readonly Stored[]])[]> {
    if (watched.kind === 'tenant') return [['tenant', await this.tenants.stored([scope.tenantId])]];
    if (watched.kind === 'assignment') return [['assignment', await this.assignments(scope, watched.principals)]];
    const rows = await this.kinds.of(watched.kind).named(scope, watched.keys);
    if (watched.kind === 'group') return [['group', rows]];
    const ids = rows.map(({ id }) => id);
    return [['subject', rows], ...(await this.held(scope, 'membership', { subject: ids, group: [] }))];
  }

  private async assignments(scope: Scope, principals: readonly Principal[]): Promise<readonly Stored[]> {
    const ids = { subject: new Array<string>(), group: new Array<string>() };
    for (const type of ['subject', 'group'] as const) {
      const own = principals.filter((each) => each.type === type);
      await scope.principals.learnKeys(
        type,
        own.map(({ key }) => key),
      );
      ids[type].push(...own.flatMap((each) => scope.principals.idOf(each) ?? []));
    }
    return (await this.held(scope, 'assignment', ids)).flatMap(([, rows]) => rows);
  }

  private async held(
    scope: Scope,
    kind: 'membership' | 'assignment',
    ids: Readonly<Record<Principal['type'], readonly string[]>>,
  ): Promise<readonly (readonly [LiveKind, readonly Stored[]])[]> {
    const [, store] = this.kinds.held.find(([name]) => name === kind) ?? [];
    if (store === undefined) throw new Error(`nobody holds rows of kind ${kind}`);
    return [
      [kind, await store.heldBy(scope, 'subject', ids.subject)],
      [kind, await store.heldBy(scope, 'group', ids.group)],
    ];
  }

  private nameOf(row: Stored): string {
    const { record } = row;
    return record.kind === 'tenant' ? record.slug : this.kinds.of(record.kind).nameOf(row);
  }
}

const NOTHING: ReadonlyMap<string, Seen> = new Map();

/** Who is entered as the author of a change. */
export function authorOf({ operator, transport }: CallContext): string {
  return operator ?? transport;
}

/** In the order in which the rows were found; what is gone comes last. */
function changesBetween(before: ReadonlyMap<string, Seen>, after: ReadonlyMap<string, Seen>): readonly LiveChange[] {
  const changes: LiveChange[] = [];
  for (const [key, { kind, name, record }] of after) {
    const was = before.get(key)?.record ?? null;
    if (isDeepStrictEqual(was, record)) continue;
    changes.push({ ref: { kind, name }, outcome: was === null ? 'created' : 'updated', before: was, after: record });
  }
  for (const [key, { kind, name, record }] of before) {
    if (!after.has(key)) changes.push({ ref: { kind, name }, outcome: 'removed', before: record, after: null });
  }
  return changes;
}
