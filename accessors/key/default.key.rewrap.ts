import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { rewrapped } from './envelope.js';
import type { KeyEncryptionKey, KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';
import type { KeyRewrap, RewrapProgress } from './rewrap.contract.js';
import type { SealedRow, SealedRowStore } from './sealed-row.store.js';

const LARGEST_BATCH = 1_000;

export class DefaultKeyRewrap implements KeyRewrap {
  constructor(private readonly deps: { readonly store: SealedRowStore; readonly keyEncryptionKey: KeyEncryptionKeyProvider }) {}

  async rewrap(_context: CallContext, { batch }: { readonly batch: number }): Promise<RewrapProgress> {
    if (!Number.isSafeInteger(batch) || batch < 1 || batch > LARGEST_BATCH) {
      throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'batch', expected: `1 to ${String(LARGEST_BATCH)}` });
    }
    const keyEncryptionKey = await this.deps.keyEncryptionKey.open();
    const failed: string[] = [];
    let done = 0;
    while (done < batch) {
      // Those that failed are left out, so that they do not stand in the way of the rest.
      const page = { limit: batch - done, without: failed };
      const rows = await this.deps.store.underAnotherKey(keyEncryptionKey.id, page);
      if (rows.length === 0) break;
      for (const row of rows) {
        const outcome = await this.rewrapRow(keyEncryptionKey, row);
        if (outcome === 'failed') failed.push(`${row.table} ${row.row}`);
        if (outcome === 'rewrapped') done += 1;
      }
    }
    const remaining = await this.deps.store.countUnderAnotherKey(keyEncryptionKey.id);
    return { keyEncryptionKeyId: keyEncryptionKey.id, rewrapped: done, remaining, failed };
  }

  private async rewrapRow(keyEncryptionKey: KeyEncryptionKey, row: SealedRow): Promise<'rewrapped' | 'changed' | 'failed'> {
    try {
      const made = await rewrapped(keyEncryptionKey, { ...row, tenantId: PLATFORM_TENANT }, row);
      // Where the row has changed in between, whoever changed it sealed it; the next reading finds out under what.
      return (await this.deps.store.replace(row, made)) ? 'rewrapped' : 'changed';
    } catch (cause) {
      if (isCodedError(cause) && cause.code === 'KEY_UNSEAL_FAILED') return 'failed';
      throw cause;
    }
  }
}
