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

/** A source, and how far it is trusted. `FACT_SOURCES` is a list of these, each with a name of its own. */
export interface ConfiguredFactSource {
  readonly source: FactSource;
  /** Milliseconds that an answer is waited for, 1 to 5000. */
  readonly timeoutMs: number;
  /** Seconds for which an answer is given again without asking; 0: it is asked each time. */
  readonly cacheSeconds: number;
  /** Seconds, more than `cacheSeconds`, for which what it told may be relied on: a token that rests on it ends by then. */
  readonly validSeconds: number;
}

export const FACT_SOURCES: unique symbol = Symbol('FactSources');
