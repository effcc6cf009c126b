import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { DirectorySubject } from './contract.js';
import { type GraphTokenSource, usableUntil } from './graph-token.source.js';
import type { GraphToken } from './msal.token.client.js';

export interface ApplicationTokenSourceDeps {
  readonly client: { applicationToken(context: CallContext): Promise<GraphToken> };
  readonly clock: Clock;
}

/** One token for the application, kept for its life and asked for once by all callers together. */
export class ApplicationTokenSource implements GraphTokenSource {
  readonly delegated = false;
  private kept: { readonly value: string; readonly until: number } | null = null;
  private pending: Promise<string> | null = null;

  constructor(private readonly deps: ApplicationTokenSourceDeps) {}

  tokenFor(context: CallContext): Promise<string> {
    if (this.kept !== null && this.deps.clock.monotonic() < this.kept.until) return Promise.resolve(this.kept.value);
    this.pending ??= this.fetch(context).finally(() => {
      this.pending = null;
    });
    return this.pending;
  }

  forget(_subject: DirectorySubject, token: string): void {
    if (this.kept?.value === token) this.kept = null;
  }

  private async fetch(context: CallContext): Promise<string> {
    const token = await this.deps.client.applicationToken(context);
    this.kept = { value: token.value, until: usableUntil(token, this.deps.clock) };
    return token.value;
  }
}
