/**
 * Hides where private keys and installation secrets live, how they are sealed and how their states are kept.
 * `KeyAccess` serves tokens, from memory: called by the SigningEngine and by the KeyringManager. `KeyringAccess` changes the
 * keyring: called by the KeyringManager alone, but for `keyring`, which the AdministrationManager reads to verify the audit trail.
 * Private halves and secrets never leave this folder.
 */
import type { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import type { CallContext } from '#utilities/call-context/contract.js';

/** Fully specified JOSE names (RFC 7518 §3.1, RFC 9864). */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'Ed25519';

/**
 * - `pending`: made, not public
 * - `published`: public, does not sign yet
 * - `active`: signs; one for each algorithm at most
 * - `retiring`: public, does not sign, its private half is gone
 * - `retired`: not public
 * - `tainted`: public, does not sign: distrusted, while its tokens are replaced
 * - `revoked`: not public: nothing that it signed is good any more
 */
export type KeyState = 'pending' | 'published' | 'active' | 'retiring' | 'retired' | 'tainted' | 'revoked';

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

/** What a token of ours is verified with. */
export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** Ready for `crypto.verify`. */
  readonly publicKey: KeyObject;
  /** Unix milliseconds of the database; tokens from before are not of this key. For a published one: when it may sign at the earliest. */
  readonly signsFrom: number | null;
  /** Unix milliseconds of the database; tokens from after are not of this key. `null`: it signs still. */
  readonly signsUntil: number | null;
}

/** What a secret is for; each purpose has a secret of its own. */
export type SecretPurpose = 'subject-pseudonym' | 'keyring-proof' | 'subject-reference' | 'consistency-token' | 'dpop-nonce';

export interface KeyAccess {
  /**
   * The key that signs with this algorithm now; known in memory. While its backend is left alone, a key that stands in for it.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` when there is none, when it is published for too short a time (database time) and
   *   may not sign at once, or when the keyring could not be confirmed for 5 minutes
   */
  activeKey(context: CallContext, algorithm: SigningAlgorithm): ActiveKey;

  /**
   * The JWS signature over `signingInput` (ASCII), base64url: for ES256 the 64 bytes of RFC 7518 §3.4. At once where the key is
   * in memory and the primitive is quick (ES256, Ed25519), else later (RSA, remote backends).
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` when the key is not active any more or its backend cannot sign, whose own code is for the
   *   operator alone; `SIGNING_THROTTLED` when it is too busy. Later answers reject with it
   */
  signWith(context: CallContext, key: ActiveKey, signingInput: string): string | Promise<string>;

  /** HMAC-SHA-256 of `message` under the installation's secret for this purpose, base64url. Stable for the life of the installation. */
  keyedDigest(context: CallContext, purpose: SecretPurpose, message: string): string;

  /**
   * Seals `text` so that only `unseal` with the same purpose and `bound` reads it: AES-256-GCM, base64url. Fast, from memory.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` before `prepare`
   */
  seal(context: CallContext, purpose: SecretPurpose, content: { readonly text: string; readonly bound: string }): string;

  /**
   * `undefined`: it was altered, bound to something else, or sealed by another installation.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` before `prepare`
   */
  unseal(
    context: CallContext,
    purpose: SecretPurpose,
    content: { readonly sealed: string; readonly bound: string },
  ): string | undefined;

  /** Every key that verifiers must know; the same array until one of them changes. Served also while the database is away. */
  publishedKeys(context: CallContext): Promise<readonly PublishedKey[]>;

  /**
   * The key of this kid, if tokens that it signed are good: `active`, `retiring` or `tainted`, or `published`, since another process
   * may have activated it. Known in memory.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` when the keyring is not loaded or could not be confirmed for 5 minutes
   */
  verificationKey(context: CallContext, kid: string): VerificationKey | undefined;

  /**
   * Makes what an empty installation lacks (the first key of each configured algorithm, each secret), exactly once however many
   * processes ask at the same time, loads what is there, and follows its changes from now on. Call it at boot; safe to call
   * again. Answers what it made.
   *
   * @param adding runs each `add`, which answers whether this process was the first, in a unit of work together with the record of it
   * @throws CodedError `KEY_UNSEAL_FAILED`, `KEY_ENCRYPTION_KEY_MISSING`, `KEYRING_RESTORED`, `STORE_UNAVAILABLE`; what `adding` throws
   */
  prepare(
    context: CallContext,
    adding?: Adding,
  ): Promise<{ readonly madeKeys: readonly string[]; readonly madeSecrets: readonly SecretPurpose[] }>;
}

/** What an empty installation is given. */
export type FirstThing = { readonly key: string } | { readonly secret: SecretPurpose };

export type Adding = (made: FirstThing, add: () => Promise<boolean>) => Promise<boolean>;

/** Signing by keys that stand by began, or ended. */
export interface FallbackChange {
  readonly kind: 'began' | 'ended';
  readonly algorithm: SigningAlgorithm;
  /** Key that signs or signed first. */
  readonly kid: string;
  /** Code of the fault that it began with. */
  readonly cause: string;
  /** How many tokens were signed so; 0 when it begins. */
  readonly tokens: number;
  /** When it began, Unix milliseconds. */
  readonly since: number;
}

/** Keys that sign while the one that should is too busy or away, where the settings want that. */
export interface StandInKeys {
  /**
   * The key to sign with after `signWith` rejected with `failure`: public for long enough, held in memory, of the same algorithm.
   * `undefined`: the settings do not want it, there is none, or the backend refused rather than being busy or away.
   */
  standIn(context: CallContext, key: ActiveKey, failure: unknown): ActiveKey | undefined;

  /** Tells of each beginning and end, from outside of anybody's unit of work. */
  onFallback(listener: (change: FallbackChange) => void): void;
}

/** One key as the database has it. All times are Unix milliseconds of the database. */
export interface KeyRecord {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: KeyState;
  /** Name of the signing backend that holds the private half. */
  readonly backend: string;
  readonly jwk: Readonly<JWK>;
  /** May sign before verifiers had time to learn of it: the first key of an empty ring, an emergency. */
  readonly signsAtOnce: boolean;
  /** Never becomes active: it stands in for the key that is. */
  readonly standby?: boolean;
  readonly createdAt: number;
  readonly publishedAt: number | null;
  readonly activatedAt: number | null;
  /** When it stopped signing for good. */
  readonly stoppedAt: number | null;
  /** When it left the published set for good. */
  readonly endedAt: number | null;
}

/** The whole keyring at one moment, oldest key first. */
export interface Keyring {
  /** Grows by one with every change. */
  readonly epoch: number;
  /** The newest epoch that this installation is known to have had; above `epoch`, the database was restored from an older state. */
  readonly floor: number;
  /** Time of the database, Unix milliseconds. */
  readonly now: number;
  readonly keys: readonly KeyRecord[];
}

/** A key that was made or found and is in no keyring yet. Opaque to callers but for these members. */
export interface NewSigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly backend: string;
}

export interface KeyMove {
  readonly kid: string;
  readonly from: KeyState;
  readonly to: KeyState;
  /** Only with `to: 'active'`: the key signs before verifiers had time to learn of it. */
  readonly atOnce?: boolean;
}

/** All of it happens, or nothing. */
export interface KeyringChange {
  /** The epoch that the caller decided on. */
  readonly expectedEpoch: number;
  /** Keys that enter as `pending`. */
  readonly add?: readonly NewSigningKey[];
  readonly moves?: readonly KeyMove[];
  /** Fencing number of the lease that the caller works under. `null`: an operator, under none. */
  readonly fence: number | null;
  /** Sets the epoch above the floor: the way out after the restore of an older database. */
  readonly aboveFloor?: boolean;
}

export interface KeyringAccess {
  /** The keyring as the database has it now. @throws CodedError `STORE_UNAVAILABLE` */
  keyring(context: CallContext): Promise<Keyring>;

  /**
   * Makes a key with its private half, in the configured backend; it is in no keyring before `change` adds it. `attempt` names
   * the wish: the same attempt after a crash finds the key again where the backend keeps it, and makes no second one.
   * Never inside a unit of work: it may take seconds.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE`, `KEY_ENCRYPTION_KEY_MISSING` or a code of the backend
   */
  makeKey(context: CallContext, algorithm: SigningAlgorithm, attempt: string): Promise<NewSigningKey>;

  /** As `makeKey`, in the database whatever the configured backend: a key that stands by. */
  makeStandbyKey(context: CallContext, algorithm: SigningAlgorithm): Promise<NewSigningKey>;

  /**
   * Finds a key that exists in a backend (a file, a version in a key vault) and proves that it signs.
   *
   * @throws CodedError `KEY_IMPORT_REFUSED`, or a code of the backend
   */
  findKey(
    context: CallContext,
    wanted: { readonly algorithm: SigningAlgorithm; readonly backend: string; readonly reference: string },
  ): Promise<NewSigningKey>;

  /**
   * Seals a private key that somebody else made, PEM or JWK, for the database. The caller fills `privateKey` with zeros.
   *
   * @throws CodedError `KEY_IMPORT_REFUSED`, `KEY_ENCRYPTION_KEY_MISSING`
   */
  keepKey(
    context: CallContext,
    wanted: { readonly algorithm: SigningAlgorithm; readonly privateKey: Buffer },
  ): Promise<NewSigningKey>;

  /**
   * Changes the keyring, in the caller's unit of work, which also holds the audit record. Moves are checked against the state
   * machine, the states in the database, the time since publication and the fencing number; a key that stops signing loses its
   * private half in the same statement. Answers the new epoch.
   *
   * @throws CodedError `KEYRING_CHANGED` when the epoch or a state is not the expected one, or the lease was lost;
   *   `KEYRING_MOVE_REFUSED` when the state machine does not know the move or the key is published for too short a time;
   *   `KEYRING_RESTORED` when the epoch is below the floor and `aboveFloor` is not set
   */
  change(context: CallContext, change: KeyringChange): Promise<number>;

  /**
   * What follows a committed change: tells every process, takes the change into this one, keeps the floor, and ends private
   * halves that a backend holds outside of the database. Safe to call again, also when nothing changed.
   */
  settle(context: CallContext): Promise<void>;

  /**
   * Takes or renews the lease on keyring work for `holder`. Answers its fencing number, which grows with every new holder;
   * `undefined` while another holds it.
   */
  takeLease(context: CallContext, holder: string, seconds: number): Promise<number | undefined>;
}

export const KEY_ACCESS: unique symbol = Symbol('KeyAccess');
export const KEYRING_ACCESS: unique symbol = Symbol('KeyringAccess');
export const STAND_IN_KEYS: unique symbol = Symbol('StandInKeys');
