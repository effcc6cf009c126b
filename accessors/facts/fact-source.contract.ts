/**
 * A plug-in that tells facts from where they live: a database of the user's own, a flag service, an HTTP endpoint. FactAccess gives
 * each its time-out, its cache and the rule that a failure makes its facts unknown; a source only asks. Kit: test/conformance.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { FactValue, UpstreamIdentity } from './contract.js';

export interface FactSourceQuestion {
  readonly tenantId: string;
  readonly tenantSlug: string | null;
  readonly identity: UpstreamIdentity | null;
  /** The administrator's key for the subject, where it is registered. */
  readonly subjectKey: string | null;
  /** Paths that are wanted: `subject.department`, `flag.new_ui`. */
  readonly paths: readonly string[];
}

export interface FactSource {
  /** As policy names it in `source`. Unique; lower-case letters, digits and `-`. */
  readonly name: string;

  /**
   * The values of the wanted paths. A path that is left out is unknown; `null` is a value. Rejects when it cannot tell. Must
   * give up when `signal` fires.
   */
  read(context: CallContext, question: FactSourceQuestion, signal: AbortSignal): Promise<ReadonlyMap<string, FactValue>>;

  /** Lets go of connections. */
  close(): Promise<void>;
}

export const FACT_SOURCES: unique symbol = Symbol('FactSources');
