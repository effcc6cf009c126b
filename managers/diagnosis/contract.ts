/**
 * Hides the sequence of finding out why something failed. Called by Clients, for operators alone. It decides nothing and issues nothing:
 * the same Engines judge, and go on where they would have stopped.
 */
import type { Certainty, KnownCause, SaidNo } from '#engines/diagnosis/contract.js';
import type { Finding, Inspection } from '#engines/token-validation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface TokenQuestion {
  /** As it was received; never kept, recorded or answered. */
  readonly token: string;
  /** The registered client that hands it in; `null`: whoever the token itself names. */
  readonly clientId: string | null;
}

/** Why a token is taken as a subject token, or is not. */
export interface TokenExplanation {
  readonly accepted: boolean;
  /** Every check in its order. */
  readonly checks: Inspection['checks'];
  /** What failed, with what was expected and the next step; the first one is what an exchange answers. */
  readonly findings: readonly Finding[];
  /** Name of the trusted issuer; `null`: none is known, or none was found. */
  readonly issuer: string | null;
  /** Its members; `null`: it has no form that can be read. Diagnosis text alone, unless `signatureProven`. */
  readonly token: Inspection['token'];
  readonly signatureProven: boolean;
  /** Of an accepted token: who it is about here. */
  readonly subject: {
    readonly kind: 'user' | 'workload';
    readonly instance: string;
    readonly externalId: string;
    /** Slugs. */
    readonly tenants: readonly string[];
  } | null;
  /**
   * Active clients that could hand it in, sorted; `null`: it would be refused from anybody. Asked of at most 1,000 clients.
   */
  readonly presenters: readonly string[] | null;
  /** SHA-256 of `header.payload`, as in the audit trail; `null`: it has no three parts. */
  readonly tokenSha256: string | null;
}

/** What an error that somebody was left with may mean. */
export interface ToldError {
  /** Who refused or failed, as far as it can be told. */
  readonly saidBy: SaidNo;
  /** The likeliest first; empty: nothing that is known looks like it. */
  readonly causes: readonly (KnownCause & { readonly certainty: Certainty; readonly reading: string })[];
  /** Ids by which the other side finds it in its own logs. */
  readonly ids: Readonly<Record<string, string>>;
}

export interface DiagnosisManager {
  /**
   * Judges a token by every check of an exchange, whatever failed before, and says which clients it would be taken from.
   *
   * @throws CodedError `CLIENT_UNKNOWN`, `STORE_UNAVAILABLE`
   */
  explainToken(context: CallContext, question: TokenQuestion): Promise<TokenExplanation>;

  /**
   * Reads any text of an error: a gRPC status, an answer of OAuth, of Microsoft Entra ID, of Azure Key Vault, a line of a log. Asks
   * nobody, keeps nothing, never throws. Reads the first 64 KiB.
   */
  explainError(context: CallContext, text: string): ToldError;
}

export const DIAGNOSIS_MANAGER: unique symbol = Symbol('DiagnosisManager');
