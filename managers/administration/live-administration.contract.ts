/**
 * Hides the sequence of changing live data row by row. Called by operators' Clients alone. Every change is in the change log and
 * in the audit trail, and answers carry a consistency token.
 */
import type {
  ChangeLogEntry,
  ChangeQuery,
  LiveChange,
  LiveKind,
  LiveQuery,
  LiveRef,
  Paged,
} from '#accessors/facts/live-data.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** A row as people write it: times as RFC 3339, principals as `subject:KEY`. */
export type LiveRow = Readonly<Record<string, unknown>>;

export interface LivePutOrder {
  /** Any values; checked here. */
  readonly records: readonly { readonly kind: LiveKind; readonly row: unknown }[];
  /** Work everything out, change nothing. */
  readonly validateOnly: boolean;
}

export interface LiveRemoveOrder {
  readonly refs: readonly LiveRef[];
  readonly validateOnly: boolean;
}

export interface LivePatchOrder {
  readonly ref: LiveRef;
  /** Members as in a row; the others stay as they are. */
  readonly members: LiveRow;
  readonly validateOnly: boolean;
}

export interface RowFile {
  readonly kind: LiveKind;
  readonly format: 'csv' | 'json';
  readonly text: string;
  /** Work everything out, change nothing. */
  readonly validateOnly: boolean;
  readonly progress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface LiveChangeReport {
  readonly changes: readonly LiveChange[];
  /** Of the tenant after the change; `null`: there is no such tenant. */
  readonly consistencyToken: string | null;
}

export interface BulkReport {
  readonly counts: Readonly<Record<'created' | 'updated' | 'unchanged', number>>;
  /** The first 1,000 rows that changed; all are counted. */
  readonly changes: readonly LiveChange[];
}

export interface LiveAdministration {
  /**
   * Brings rows to these states, all or nothing.
   *
   * @throws CodedError `LIVE_DATA_INVALID` with every fault; nothing is changed then
   */
  put(context: CallContext, tenant: string, order: LivePutOrder): Promise<LiveChangeReport>;

  /** Takes rows away, all or nothing. @throws CodedError `LIVE_DATA_UNKNOWN`, `LIVE_DATA_INVALID` */
  remove(context: CallContext, tenant: string, order: LiveRemoveOrder): Promise<LiveChangeReport>;

  /** Changes some members of a row and leaves the others. @throws CodedError `LIVE_DATA_UNKNOWN`, `LIVE_DATA_INVALID` */
  patch(context: CallContext, tenant: string, order: LivePatchOrder): Promise<LiveChangeReport>;

  /**
   * Many rows of one kind, as they come out of a CSV or JSON file; all or nothing.
   *
   * @throws CodedError `LIVE_DATA_INVALID` with the line of every fault
   */
  importRows(context: CallContext, tenant: string, file: RowFile): Promise<BulkReport>;

  /** @throws CodedError `LIVE_DATA_UNKNOWN` */
  get(context: CallContext, tenant: string, ref: LiveRef): Promise<LiveRow>;

  /** In the order of their names. @throws CodedError `LIVE_DATA_UNKNOWN` */
  list(context: CallContext, tenant: string, query: LiveQuery): Promise<Paged<LiveRow>>;

  /** What was changed by whom, newest first. @throws CodedError `LIVE_DATA_UNKNOWN` */
  changes(context: CallContext, tenant: string, query: ChangeQuery): Promise<Paged<ChangeLogEntry>>;
}

export const LIVE_ADMINISTRATION: unique symbol = Symbol('LiveAdministration');
