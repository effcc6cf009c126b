import type { LiveChange, LiveRef } from '../live-data.contract.js';
import { refuseLiveData, unknownLiveData } from './live-fault.js';
import { KINDS, type LiveKinds, type TenantsKind } from './live.kinds.js';
import type { Scope, Stored } from './live.kind.js';

interface Going {
  readonly kind: TenantsKind;
  readonly name: string;
  readonly stored: Stored;
}

/** Takes rows away, and with a subject or group what it has and where it is a member. */
export class LiveRemover {
  constructor(private readonly kinds: LiveKinds) {}

  /** Answers the changes in the order of the refs, then those of what goes along. */
  async remove(scope: Scope, refs: readonly LiveRef[]): Promise<LiveChange[]> {
    refuseLiveData(
      refs.filter(({ kind }) => kind === 'tenant').map(({ name }) => `tenant ${name} cannot be removed, only suspended`),
    );
    const going = await this.find(scope, refs);
    const names = new Set(going.map(nameOf));
    const along = (await this.along(scope, going)).filter((each) => !names.has(nameOf(each)));
    const groups = new Set(going.filter(({ kind }) => kind === 'group').map(({ name }) => name));
    const children = await this.orphaned(scope, going, groups);
    for (const kind of KINDS.toReversed()) {
      const rows = [...going, ...along].filter((each) => each.kind === kind).map(({ stored }) => stored);
      if (rows.length > 0) await this.kinds.of(kind).remove(scope, rows);
    }
    return [...going.map(toRemoval), ...unique(along).map(toRemoval), ...children];
  }

  private async find(scope: Scope, refs: readonly LiveRef[]): Promise<Going[]> {
    const found = new Map<string, Going>();
    for (const kind of KINDS) {
      const names = refs.filter((ref) => ref.kind === kind).map(({ name }) => name);
      if (names.length === 0) continue;
      const store = this.kinds.of(kind);
      for (const stored of await store.named(scope, names)) {
        const going = { kind, name: store.nameOf(stored), stored };
        found.set(nameOf(going), going);
      }
    }
    const missing = refs.filter((ref) => !found.has(nameOf(ref)));
    if (missing.length > 0) throw unknownLiveData(missing.map(({ kind, name }) => `${kind} ${name}`));
    return unique(refs.flatMap((ref) => found.get(nameOf(ref)) ?? []));
  }

  private async along(scope: Scope, going: readonly Going[]): Promise<Going[]> {
    const found: Going[] = [];
    for (const type of ['subject', 'group'] as const) {
      const ids = going.filter(({ kind }) => kind === type).map(({ stored }) => stored.id);
      if (ids.length === 0) continue;
      for (const [kind, store] of this.kinds.held) {
        for (const stored of await store.heldBy(scope, type, ids)) found.push({ kind, name: store.nameOf(stored), stored });
      }
    }
    return found;
  }

  /** Groups that were in one that goes, and stay. */
  private async orphaned(scope: Scope, going: readonly Going[], removed: ReadonlySet<string>): Promise<LiveChange[]> {
    const ids = going.filter(({ kind }) => kind === 'group').map(({ stored }) => stored.id);
    const children = ids.length === 0 ? [] : await this.kinds.group.childrenOf(scope, ids);
    return unique(children.map((stored) => ({ kind: 'group' as const, name: stored.record.key, stored })))
      .filter(({ name }) => !removed.has(name))
      .map(({ name, stored: { record } }) => ({
        ref: { kind: 'group', name },
        outcome: 'updated',
        before: record,
        after: { ...record, parents: record.parents.filter((parent) => !removed.has(parent)) },
      }));
  }
}

function toRemoval({ kind, name, stored }: Going): LiveChange {
  return { ref: { kind, name }, outcome: 'removed', before: stored.record, after: null };
}

function nameOf({ kind, name }: LiveRef): string {
  return `${kind} ${name}`;
}

function unique<Each extends LiveRef>(list: readonly Each[]): Each[] {
  return [...new Map(list.map((each) => [nameOf(each), each])).values()];
}
