/**
 * Hides where a private signing key lives and how it signs. Called by the KeyAccess of this folder alone.
 * A backend knows keys and signatures; it knows no states, no tokens and no rotation. At least one is registered, names are unique.
 */
import type { SigningAlgorithm } from './contract.js';
import type { Sealed } from './key-encryption-key.contract.js';

/** The public members of a key by RFC 7517 and RFC 8037, and no other. */
export type PublicMembers =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** What a backend needs to find its key again: stored in the row of the key as it is, and handed back as it was. */
export interface KeyHandle {
  /** Names the key for this backend, unique, at most 1,024 characters. Nothing private: it is stored in the clear. */
  readonly reference: string;
  /** The private half, where the backend leaves it to the database: sealed. `null` where it lives elsewhere. */
  readonly sealed: Sealed | null;
}

export interface CreatedKey {
  readonly handle: KeyHandle;
  readonly publicJwk: PublicMembers;
}

export interface SigningBackend {
  /** Stored in the row of each key, so that several backends can serve one keyring. Lower case, digits and hyphens; never renamed. */
  readonly name: string;

  /** What it can sign with; never empty. */
  readonly algorithms: readonly SigningAlgorithm[];

  /**
   * Makes a key for one algorithm. `attempt` names the wish (1 to 128 characters of `A-Z a-z 0-9 . _ -`): asked again with the same
   * attempt, after a crash or at the same time elsewhere, a backend whose keys outlive the process answers the same key and
   * makes no second one. A backend that keeps nothing of its own answers a new key.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` or a code of the backend; also for an algorithm that is not in `algorithms`
   */
  create(algorithm: SigningAlgorithm, attempt: string): Promise<CreatedKey>;

  /**
   * The JWS signature over `input` (ASCII) by RFC 7518 §3 and RFC 8037: 64 bytes of r and s for ES256, never DER. Answers at once
   * where the key is in memory and the primitive is quick, else later. After `publicKey` of the same handle the first answer is
   * as quick as all others.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE`, `SIGNING_THROTTLED` or a code of the backend: also when the key does not fit `algorithm`
   */
  sign(handle: KeyHandle, algorithm: SigningAlgorithm, input: string): Buffer | Promise<Buffer>;

  /**
   * The public half, computed or fetched, never copied from where the caller could have changed it; proves that the private half
   * is there and usable, and makes it ready to sign.
   *
   * @throws CodedError `KEY_UNSEAL_FAILED` when the handle was altered or does not belong to this algorithm; a code of the backend
   */
  publicKey(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<PublicMembers>;

  /** Ends the key for good: it never signs again, here or elsewhere. Called again, or for a key that is gone: nothing happens. */
  destroy(handle: KeyHandle): Promise<void>;

  /** Drops what this process holds of the key, which lives on. For a key that another process ended. */
  forget(handle: KeyHandle): void;
}
