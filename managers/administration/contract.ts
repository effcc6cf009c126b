/**
 * Hides the sequence of changing live data. Called by operators' Clients alone.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

export interface ImportReport {
  /** For each kind of object, how many were created, updated and left as they were. */
  readonly counts: Readonly<
    Record<ImportedKind, { readonly created: number; readonly updated: number; readonly unchanged: number }>
  >;
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

export const ADMINISTRATION_MANAGER: unique symbol = Symbol('AdministrationManager');
