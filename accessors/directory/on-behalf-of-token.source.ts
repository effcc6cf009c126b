import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { DirectorySubject } from './contract.js';
import { DirectoryFault } from './directory-fault.js';
import { type GraphTokenSource, usableUntil } from './graph-token.source.js';
import type { GraphToken } from './msal.token.client.js';

export interface OnBehalfOfTokenSourceDeps {
  readonly client: { onBehalfOfToken(context: CallContext, assertion: string): Promise<GraphToken> };
  readonly clock: Clock;
}

const MOST_KEPT = 1_000;

/**
 * Tokens on behalf of subjects, kept under the SHA-256 of the very token that each was had for: whoever does not hold that
 * token, which was validated a moment ago, does not reach what was had for it, and not beyond its end either.
 */
export class OnBehalfOfTokenSource implements GraphTokenSource {
  readonly delegated = true;
  private readonly kept = new LRUCache<string, { readonly value: string; readonly until: number }>({ max: MOST_KEPT });
  private readonly pending = new Map<string, Promise<string>>();

  constructor(private readonly deps: OnBehalfOfTokenSourceDeps) {}

  async tokenFor(context: CallContext, subject: DirectorySubject): Promise<string> {
    if (subject.kind !== 'user') {
      throw new DirectoryFault('refused', 'nobody can act on behalf of a workload: its directory needs mode application');
    }
    const key = keyOf(subject.token);
    const kept = this.kept.get(key);
    if (kept !== undefined && this.deps.clock.monotonic() < kept.until) return kept.value;
    const pending = this.pending.get(key);
    if (pending !== undefined) return pending;
    const fetched = this.fetch(context, key, subject.token).finally(() => this.pending.delete(key));
    this.pending.set(key, fetched);
    return fetched;
  }

  forget(subject: DirectorySubject, token: string): void {
    const key = keyOf(subject.token);
    if (this.kept.get(key)?.value === token) this.kept.delete(key);
  }

  private async fetch(context: CallContext, key: string, assertion: string): Promise<string> {
    const token = await this.deps.client.onBehalfOfToken(context, assertion);
    this.kept.set(key, { value: token.value, until: usableUntil(token, this.deps.clock) });
    return token.value;
  }
}

function keyOf(assertion: string): string {
  return createHash('sha256').update(assertion).digest('base64url');
}
