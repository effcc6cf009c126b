import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { DirectoryAccess, DirectorySubject, GroupMembership } from './contract.js';

export interface CachedDirectoryAccessDeps {
  readonly inner: DirectoryAccess;
  readonly clock: Clock;
  /** Whether the directory of this issuer is asked with the subject's own token. */
  readonly isOnBehalfOf: (issuer: string) => boolean;
}

/** How old a membership may be. */
const MEMBER_MS = 300_000;
/** How long nothing to give, and a refusal, are believed. */
const NOTHING_MS = 30_000;
const MOST_KEPT = 10_000;

/**
 * Remembers who is in which of the groups that were asked for, and lets everybody who asks the same wait for one answer. What
 * is transient is never remembered here.
 */
export class CachedDirectoryAccess implements DirectoryAccess {
  private readonly kept = new LRUCache<string, { readonly membership: GroupMembership; readonly until: number }>({
    max: MOST_KEPT,
  });
  private readonly pending = new Map<string, Promise<GroupMembership>>();

  constructor(private readonly deps: CachedDirectoryAccessDeps) {}

  groupsOf(context: CallContext, subject: DirectorySubject, mappedGroups: readonly string[]): Promise<GroupMembership> {
    const key = digest([subject.issuer, subject.instance, subject.kind, subject.externalId, ...mappedGroups.toSorted()]);
    // What a directory refuses to one token of a subject it may grant to the next one.
    const attempt = this.deps.isOnBehalfOf(subject.issuer) ? digest([key, subject.token]) : key;
    const known = this.fresh(key) ?? this.fresh(attempt);
    if (known !== null) return Promise.resolve(known);
    const pending = this.pending.get(attempt);
    if (pending !== undefined) return pending;
    const asked = this.ask({ key, attempt }, () => this.deps.inner.groupsOf(context, subject, mappedGroups));
    this.pending.set(attempt, asked);
    return asked;
  }

  private async ask(
    { key, attempt }: { readonly key: string; readonly attempt: string },
    ask: () => Promise<GroupMembership>,
  ): Promise<GroupMembership> {
    try {
      const membership = await ask();
      if (membership.status === 'resolved') this.keep(key, membership, membership.groups.length > 0 ? MEMBER_MS : NOTHING_MS);
      else if (membership.retryAfterSeconds === undefined) this.keep(attempt, membership, NOTHING_MS);
      return membership;
    } finally {
      this.pending.delete(attempt);
    }
  }

  private keep(key: string, membership: GroupMembership, lifeMs: number): void {
    this.kept.set(key, { membership, until: this.deps.clock.monotonic() + lifeMs });
  }

  private fresh(key: string): GroupMembership | null {
    const kept = this.kept.get(key);
    return kept !== undefined && this.deps.clock.monotonic() < kept.until ? kept.membership : null;
  }
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
