/**
 * Hides the sequence of changing live data row by row. Called by operators' Clients alone. Every change is in the change log and
 * in the audit trail, and answers carry a consistency token.
 */
import type {
  ChangeLogEntry,
  LiveChange,
  LiveKind,
  LiveRecord,
  LiveRef,
  Page,
  Paged,
} from '#accessors/facts/live-data.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface LiveChangeReport {
  readonly changes: readonly LiveChange[];
  /** `null`: nothing was written. */
  readonly consistencyToken: string | null;
}

export interface BulkOptions {
  /** Work everything out, change nothing. */
  readonly dryRun: boolean;
  readonly progress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface BulkReport {
  readonly counts: Readonly<Record<'created' | 'updated' | 'unchanged', number>>;
  /** The first 1,000 changes; all are counted. */
  readonly changes: readonly LiveChange[];
}

export interface LiveAdministration {
  /**
   * Brings rows to these states, all or nothing.
   *
   * @param records any values; checked here
   * @throws CodedError `LIVE_DATA_INVALID` with every fault; nothing is changed then
   */
  put(
    context: CallContext,
    tenant: string,
    order: { readonly records: readonly unknown[]; readonly validateOnly: boolean },
  ): Promise<LiveChangeReport>;

  /** Takes rows away, all or nothing. @throws CodedError `LIVE_DATA_UNKNOWN`, `LIVE_DATA_INVALID` */
  remove(
    context: CallContext,
    tenant: string,
    order: { readonly refs: readonly LiveRef[]; readonly validateOnly: boolean },
  ): Promise<LiveChangeReport>;

  /** Changes some members of a row and leaves the others. @throws CodedError `LIVE_DATA_UNKNOWN`, `LIVE_DATA_INVALID` */
  patch(
    context: CallContext,
    tenant: string,
    order: { readonly ref: LiveRef; readonly members: unknown; readonly validateOnly: boolean },
  ): Promise<LiveChangeReport>;

  /** Many rows, as they come out of a CSV or JSON file; all or nothing. @throws CodedError `LIVE_DATA_INVALID` with line numbers */
  importRows(
    context: CallContext,
    tenant: string,
    file: { readonly kind: LiveKind; readonly format: 'csv' | 'json'; readonly text: string },
    options: BulkOptions,
  ): Promise<BulkReport>;

  get(context: CallContext, tenant: string, ref: LiveRef): Promise<LiveRecord>;
  list(context: CallContext, tenant: string, kind: LiveKind, about: string | null, page: Page): Promise<Paged<LiveRecord>>;
  changes(context: CallContext, tenant: string, about: LiveRef | null, page: Page): Promise<Paged<ChangeLogEntry>>;
}

export const LIVE_ADMINISTRATION: unique symbol = Symbol('LiveAdministration');
