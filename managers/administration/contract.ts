/**
 * Hides the sequence of changing live data. Called by operators' Clients alone.
 */
import type { IssuerActivation, IssuerProbe } from '#accessors/issuer/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface ImportReport {
  /** For each kind of object, how many were created, updated and left as they were. */
  readonly counts: Readonly<
    Record<ImportedKind, { readonly created: number; readonly updated: number; readonly unchanged: number }>
  >;
  /** What was taken and is weaker than it has to be. */
  readonly warnings: readonly string[];
}

export type ImportedKind =
  'tenants' | 'applications' | 'issuers' | 'policies' | 'clients' | 'groups' | 'subjects' | 'assignments';

export interface AdministrationManager {
  /**
   * Brings issuers, applications, policies, clients, subjects and assignments to the state that the document describes, all or
   * nothing. Idempotent: a second import of the same document changes nothing. What the document does not name is left alone.
   *
   * @param document the parsed file; any value, checked here
   * @throws CodedError `IMPORT_INVALID` with every fault listed in `details.actual`; nothing is changed then
   */
  importDocument(context: CallContext, document: unknown): Promise<ImportReport>;

  /**
   * Makes the upstream identity that the document names the first operator: a subject of the tenant `platform` with the role
   * `operator`. Once: the same document again changes nothing, another identity is refused.
   *
   * @param document the parsed bootstrap file; any value, checked here
   * @returns whether somebody was appointed now
   * @throws CodedError `IMPORT_INVALID`, `OPERATOR_ALREADY_APPOINTED`
   */
  appointFirstOperator(context: CallContext, document: unknown): Promise<boolean>;
}

export interface IssuerOverview {
  readonly name: string;
  readonly status: 'draft' | 'active' | 'disabled';
  /** In force, or in force again once it is enabled. */
  readonly version: number | null;
  readonly newestVersion: number;
}

/** An issuer that counts for nothing yet, and what it answered when it was looked at. */
export interface IssuerDraft {
  readonly name: string;
  readonly version: number;
  readonly sha256: string;
  readonly probes: readonly IssuerProbe[];
  /** What to look at before it is activated. */
  readonly warnings: readonly string[];
}

export interface IssuerDifference {
  /** `acceptance.guests`. */
  readonly member: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** One version of an issuer, and how it differs from what is in force. */
export interface IssuerReview {
  readonly name: string;
  readonly version: number;
  readonly sha256: string;
  readonly status: 'draft' | 'active' | 'disabled';
  readonly versionInForce: number | null;
  readonly registration: object;
  readonly differences: readonly IssuerDifference[];
  /** Oldest first; times in Unix milliseconds. */
  readonly versions: readonly { readonly version: number; readonly sha256: string; readonly createdAt: number }[];
  readonly activations: readonly IssuerActivation[];
}

export interface IssuerStatus extends IssuerOverview {
  /** What an active issuer answers at the moment, seen from here. */
  readonly probes: readonly IssuerProbe[];
}

/** The part of the Manager that changes which identity providers are trusted. Each change leaves an audit record. */
export interface IssuerAdministration {
  /**
   * Looks at an issuer and keeps it as a draft, which counts for nothing. The same description again is the same version.
   *
   * @param document an issuer as it stands in an import file; any value, checked here
   * @throws CodedError `ISSUER_INVALID` with every fault in `details.actual`
   */
  draftIssuer(context: CallContext, document: unknown): Promise<IssuerDraft>;

  /** Every issuer that was ever drafted. */
  issuers(context: CallContext): Promise<readonly IssuerOverview[]>;

  /** One version, `null` the newest, against what is in force, with the whole history. @throws CodedError `ISSUER_UNKNOWN` */
  reviewIssuer(context: CallContext, name: string, version: number | null): Promise<IssuerReview>;

  /**
   * Puts a version into force, everywhere within 2 s; an earlier one is the way back. `expected` is the version in force that the
   * operator has seen.
   *
   * @throws CodedError `ISSUER_UNKNOWN`, `ISSUER_INVALID`, `ISSUER_CHANGED`
   */
  activateIssuer(
    context: CallContext,
    order: { readonly name: string; readonly version: number; readonly expected: number | null },
  ): Promise<IssuerActivation>;

  /** Disables or enables the version in force, everywhere within 2 s. @throws CodedError `ISSUER_UNKNOWN`, `ISSUER_INVALID`, `ISSUER_CHANGED` */
  switchIssuer(context: CallContext, name: string, status: 'active' | 'disabled'): Promise<IssuerActivation>;

  /** How every issuer stands, and what the active ones answer. */
  issuerStatus(context: CallContext): Promise<readonly IssuerStatus[]>;
}

export const ISSUER_ADMINISTRATION: unique symbol = Symbol('IssuerAdministration');
export const ADMINISTRATION_MANAGER: unique symbol = Symbol('AdministrationManager');
