/**
 * Hides how a checkpoint of the audit trail is signed, so that it passes for no other kind of document, and how it is read again
 * long after. Called by the AdministrationManager.
 */
import type { ChainHead } from '#accessors/audit/audit-evidence.contract.js';
import type { KeyRecord, SigningAlgorithm } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface AuditCheckpoint {
  /** From 1, without gaps. */
  readonly number: number;
  /** SHA-256 of the document of the checkpoint before it, hex; `null` for the first. */
  readonly previous: string | null;
  /** Of the chains that grew since then. */
  readonly heads: readonly ChainHead[];
  /** Up to where chains are gone by retention, from now on. */
  readonly carried: readonly ChainHead[];
}

export type AuditSealVerdict =
  | {
      readonly genuine: true;
      readonly checkpoint: AuditCheckpoint;
      /** Unix seconds. */
      readonly issuedAt: number;
      readonly kid: string;
      /** The key was revoked or tainted: whoever had it can sign too. */
      readonly isKeyDistrusted: boolean;
    }
  | {
      readonly genuine: false;
      readonly fault:
        'malformed' | 'type-mismatch' | 'issuer-mismatch' | 'key-unknown' | 'outside-key-window' | 'signature-invalid';
    };

export interface AuditSealEngine {
  /** Compact JWS, `typ: countersign-audit-checkpoint+jwt`. @throws CodedError `SIGNING_UNAVAILABLE`, or a code of the backend */
  sealCheckpoint(context: CallContext, checkpoint: AuditCheckpoint, algorithm: SigningAlgorithm): Promise<string>;

  /**
   * Whether a checkpoint was signed by one of these keys, in any state, while it signed. Never throws for a bad document.
   *
   * @param keys every key that the keyring knows; each is bound to its `kid` by its thumbprint
   */
  openCheckpoint(context: CallContext, document: string, keys: readonly KeyRecord[]): Promise<AuditSealVerdict>;

  /** What the next checkpoint names as the one before it. */
  digestOf(document: string): string;
}

export const AUDIT_SEAL_ENGINE: unique symbol = Symbol('AuditSealEngine');
