/**
 * Hides how the texts that people are left with are read: statuses, error bodies, codes, lines of logs. Called by Managers. Pure: no I/O.
 *
 * SECURITY: nothing here is authenticated. What is told is for people who look for a cause; decide nothing by it.
 */

/** Who has to do something about it. */
export type FixedBy = 'caller' | 'user' | 'client-developer' | 'tenant-admin' | 'network-admin' | 'operator' | 'nobody';

/** `again`: the same once more, with growing and random waits. `after-sign-in`: once the user has signed in again. */
export type Retry = 'never' | 'again' | 'after-sign-in';

/** One thing that can be wrong. Plain data. */
export interface KnownCause {
  /** Stable word code: never renamed, only retired. */
  readonly code: string;
  /** One sentence. */
  readonly cause: string;
  /** What would tell it from what looks alike. */
  readonly evidence: string;
  /** In order. */
  readonly remedy: readonly string[];
  readonly retry: Retry;
  readonly fixedBy: FixedBy;
  /** Where it is written or was measured. */
  readonly source: string;
}

/** `certain`: nothing else says this. `likely`: others could. `possible`: others are likelier. */
export type Certainty = 'certain' | 'likely' | 'possible';

export interface RankedCause {
  readonly known: KnownCause;
  readonly certainty: Certainty;
  /** What in the text pointed to it: a code, a status, a reason. Never a token. */
  readonly reading: string;
}

/** `identity-provider`: its token endpoint. Others as the signatures of failed calls tell them. */
export type SaidNo =
  'countersign' | 'identity-provider' | 'key-vault' | 'other-service' | 'intermediary' | 'transport' | 'caller' | 'unknown';

export interface ErrorExplanation {
  readonly saidBy: SaidNo;
  /** The likeliest first; empty: nothing that is known looks like it. */
  readonly causes: readonly RankedCause[];
  /** Ids by which the other side finds the failure in its own logs, as far as the text has them. */
  readonly ids: Readonly<Record<string, string>>;
}

export interface DiagnosisEngine {
  /**
   * What may have caused the error that this text tells. Reads the first 64 KiB, in time that grows with its length alone; never
   * throws, whatever it is given, and tells nothing that the text has in the place of a token.
   */
  explain(text: string): ErrorExplanation;

  /** Everything that can be told, for lists and pages. */
  known(): readonly KnownCause[];
}

export const DIAGNOSIS_ENGINE: unique symbol = Symbol('DiagnosisEngine');
