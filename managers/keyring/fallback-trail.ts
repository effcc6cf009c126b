import type { AuditAccess } from '#accessors/audit/contract.js';
import type { FallbackChange, StandInKeys } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';

interface Dependencies {
  readonly auditAccess: Pick<AuditAccess, 'record'>;
  readonly standInKeys?: Pick<StandInKeys, 'onFallback'>;
  readonly ids: IdSource;
  readonly logger: Logger;
}

const MOST_WAITING = 64;

/**
 * Records that keys which stand by sign, and that they do no more. Each token has its own durable record, which names the key; this
 * one says why. What cannot be recorded yet waits for the next time.
 */
export class FallbackTrail {
  private waiting: FallbackChange[] = [];
  private isFollowing = false;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly deps: Dependencies) {}

  follow(): void {
    if (this.isFollowing) return;
    this.isFollowing = true;
    this.deps.standInKeys?.onFallback((change) => {
      this.waiting = [...this.waiting, change].slice(-MOST_WAITING);
      void this.flush();
    });
  }

  /** Resolves when all that waits was tried. One at a time, so that nothing is recorded twice. */
  flush(): Promise<void> {
    if (this.waiting.length === 0) return this.writing;
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    for (;;) {
      const [change] = this.waiting;
      if (change === undefined) return;
      const context: CallContext = { diagnosticId: this.deps.ids.random(), transport: 'timer' };
      try {
        const { auditAccess } = this.deps;
        await auditAccess.record(context, {
          outcome: 'changed',
          what: `keyring.fallback_${change.kind}`,
          detail: detailOf(change),
        });
        this.waiting = this.waiting.filter((one) => one !== change);
      } catch (error) {
        this.deps.logger.warn('keyring.fallback_not_recorded', { code: isCodedError(error) ? error.code : 'INTERNAL' });
        return;
      }
    }
  }
}

function detailOf({ kind, algorithm, kid, cause, tokens, since }: FallbackChange): string {
  const from = new Date(since).toISOString();
  if (kind === 'began') return `${kid} (${algorithm}) stands in since ${from}: ${cause}`;
  return `${kid} (${algorithm}) stood in since ${from} for ${String(tokens)} tokens: ${cause}`;
}
