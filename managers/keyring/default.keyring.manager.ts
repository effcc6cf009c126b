import type { AuditAccess } from '#accessors/audit/contract.js';
import type { KeyAccess, PublishedKey } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { KeyringManager } from './contract.js';

interface Dependencies {
  readonly keyAccess: KeyAccess;
  readonly auditAccess: AuditAccess;
}

export class DefaultKeyringManager implements KeyringManager {
  constructor(private readonly deps: Dependencies) {}

  async prepare(context: CallContext): Promise<void> {
    const { madeKeys, madeSecrets } = await this.deps.keyAccess.prepare(context);
    await Promise.all([
      ...madeKeys.map((kid) => this.recordMade(context, 'keyring.key_made', kid)),
      ...madeSecrets.map((purpose) => this.recordMade(context, 'keyring.secret_made', purpose)),
    ]);
  }

  publishedKeys(context: CallContext): Promise<readonly PublishedKey[]> {
    return this.deps.keyAccess.publishedKeys(context);
  }

  private recordMade(context: CallContext, what: string, detail: string): Promise<void> {
    return this.deps.auditAccess.record(context, { outcome: 'changed', what, detail });
  }
}
