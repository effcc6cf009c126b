import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { KeyRewrap, RewrapProgress } from '#accessors/key/rewrap.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import type { KeySealing, RewrapReport, RewrapRequest } from './key-sealing.contract.js';

interface Dependencies {
  readonly keyRewrap: KeyRewrap;
  readonly changeTrail: ChangeTrail;
  readonly unitOfWork: UnitOfWork;
}

export class DefaultKeySealing implements KeySealing {
  constructor(private readonly deps: Dependencies) {}

  async rewrap(context: CallContext, request: RewrapRequest): Promise<RewrapReport> {
    let rewrapped = 0;
    for (;;) {
      const step = await this.deps.keyRewrap.rewrap(context, { batch: request.batch });
      rewrapped += step.rewrapped;
      if (step.rewrapped > 0) await this.record(context, step);
      const report = { ...step, rewrapped };
      request.onProgress?.(report);
      // What is left after a step that brought nothing over does not open, and would not at the next try.
      if (step.remaining === 0 || step.rewrapped === 0) return report;
    }
  }

  private record(context: CallContext, { keyEncryptionKeyId, rewrapped, remaining }: RewrapProgress): Promise<void> {
    const detail = `${String(rewrapped)} rows under ${keyEncryptionKeyId}, ${String(remaining)} to go`;
    return this.deps.unitOfWork.run(() =>
      this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what: 'keyring.rewrapped', detail }),
    );
  }
}
