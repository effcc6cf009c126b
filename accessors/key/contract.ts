/**
 * Hides where private keys and installation secrets live and how they are sealed.
 * Called by the SigningEngine and by the KeyringManager. Private halves and secrets never leave this folder.
 */
import type { JWK } from 'jose';
import type { CallContext } from '#utilities/call-context/contract.js';

export type SigningAlgorithm = 'ES256';

/** A key that may sign now. The same object is answered until another key is active, so it may key a memo. */
export interface ActiveKey {
  /** RFC 7638 thumbprint of the public key, SHA-256, base64url. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
}

export interface PublishedKey {
  readonly kid: string;
  /** Public members alone: `kid`, `alg`, `use`, `kty` and the members of the key type. */
  readonly jwk: Readonly<JWK>;
}

/** What a secret is for; each purpose has a secret of its own. */
export type SecretPurpose = 'subject-pseudonym';

export interface KeyAccess {
  /**
   * The key that signs with this algorithm now; known in memory.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` when there is none
   */
  activeKey(context: CallContext, algorithm: SigningAlgorithm): ActiveKey;

  /**
   * The JWS signature over `signingInput` (ASCII), base64url: for ES256 the 64 bytes of RFC 7518 §3.4.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE`
   */
  signWith(context: CallContext, key: ActiveKey, signingInput: string): string;

  /** HMAC-SHA-256 of `message` under the installation's secret for this purpose, base64url. Stable for the life of the installation. */
  keyedDigest(context: CallContext, purpose: SecretPurpose, message: string): string;

  /** Every key that verifiers must know. */
  publishedKeys(context: CallContext): Promise<readonly PublishedKey[]>;

  /**
   * Makes what an empty installation lacks (the first key of each algorithm, each secret), exactly once however many processes
   * ask at the same time, and loads what is there. Call it at boot; safe to call again. Answers what it made.
   *
   * @throws CodedError `KEY_UNSEAL_FAILED`, `KEY_ENCRYPTION_KEY_MISSING`, `STORE_UNAVAILABLE`
   */
  prepare(
    context: CallContext,
  ): Promise<{ readonly madeKeys: readonly string[]; readonly madeSecrets: readonly SecretPurpose[] }>;
}

export const KEY_ACCESS: unique symbol = Symbol('KeyAccess');
