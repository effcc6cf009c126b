import type { AuditEvidence, ChainHead } from '#accessors/audit/audit-evidence.contract.js';
import type { AuditSealEngine } from '#engines/signing/audit-seal.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** Heads in one checkpoint: about 120 bytes each. */
const MOST_HEADS = 500;
/** Far more than can wait in practice; what is left is taken by the next call. */
const MOST_AT_ONCE = 200;
/** Another checkpoint may come in between; the one after it then does. */
const TRIES = 3;

export interface CheckpointDeps {
  readonly auditEvidence: AuditEvidence;
  readonly auditSealEngine: AuditSealEngine;
  readonly algorithm: Parameters<AuditSealEngine['sealCheckpoint']>[2];
}

/** Adds checkpoints behind the last one. Its number settles who was first where two do so at a time. */
export class AuditCheckpoints {
  constructor(private readonly deps: CheckpointDeps) {}

  /** Over everything that no checkpoint has. Answers how many were made. */
  async overUnsealed(context: CallContext): Promise<number> {
    for (let made = 0; made < MOST_AT_ONCE; made += 1) {
      const heads = await this.deps.auditEvidence.unsealedHeads(context, MOST_HEADS);
      if (heads.length === 0 || !(await this.add(context, { heads, carried: [] }))) return made;
    }
    return MOST_AT_ONCE;
  }

  /** Says up to where chains will be gone. `false`: others make checkpoints all the time, so not all of it is said. */
  async carry(context: CallContext, heads: readonly ChainHead[]): Promise<boolean> {
    for (let from = 0; from < heads.length; from += MOST_HEADS) {
      const content = { heads: [], carried: heads.slice(from, from + MOST_HEADS) };
      let isAdded = false;
      for (let tries = 0; !isAdded && tries < TRIES; tries += 1) isAdded = await this.add(context, content);
      if (!isAdded) return false;
    }
    return true;
  }

  private async add(
    context: CallContext,
    content: { readonly heads: readonly ChainHead[]; readonly carried: readonly ChainHead[] },
  ): Promise<boolean> {
    const { auditEvidence, auditSealEngine, algorithm } = this.deps;
    const last = await auditEvidence.lastCheckpoint(context);
    const number = (last?.number ?? 0) + 1;
    // SECURITY: whoever can write to the table could otherwise end the numbers, and checkpoints with them, in silence.
    if (!Number.isSafeInteger(number)) {
      throw new CodedError('INTERNAL', { internal: 'the highest number in audit_checkpoint is none of ours: run audit verify' });
    }
    const previous = last === undefined ? null : auditSealEngine.digestOf(last.document);
    const document = await auditSealEngine.sealCheckpoint(context, { number, previous, ...content }, algorithm);
    return auditEvidence.addCheckpoint(context, { number, document, heads: content.heads, carries: content.carried.length > 0 });
  }
}
