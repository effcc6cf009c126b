import type { ChainFault, ChainInspectionReport, ErasedRecords } from '#accessors/audit/audit-evidence.contract.js';
import type { StaleCheckpoints } from './audit-administration.contract.js';

/**
 * A record is in a checkpoint within 10 s, and within 20 s when the process that signed has just died; the rest is for clocks that
 * differ and a database that is slow.
 */
const ALLOWED_SECONDS = 60;

/**
 * Whether checkpoints have stopped: there are records that none has, and they were there long before the checkpoints were read.
 *
 * SECURITY: without it, whoever stops checkpoints has all the time there is to change what comes after the last one.
 */
export function staleness(
  { unsealed, newestAt }: ChainInspectionReport,
  { checkpointAt, from }: { readonly checkpointAt: number | null; readonly from: number },
): StaleCheckpoints | null {
  if (unsealed === null || unsealed.oldestAt > from - ALLOWED_SECONDS * 1_000) return null;
  return { ...unsealed, newestAt: newestAt ?? unsealed.oldestAt, checkpointAt, allowedSeconds: ALLOWED_SECONDS };
}

/** Every erasure says in a record of its own how many records it changed. Retention drops those no later than the record. */
export function faultsOfErasures({ inChains, accountedFor }: ErasedRecords): readonly ChainFault[] {
  const erased = inChains.reduce((sum, { records }) => sum + records, 0);
  const count = erased - accountedFor;
  return count <= 0 ? [] : [{ kind: 'erased', chain: null, sequence: null, count, recordId: null, at: null }];
}
