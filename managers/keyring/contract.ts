/**
 * Hides the sequence of the life of our signing keys. Called by Clients: `KeyringManager` for what is planned, `KeyEmergency`
 * for what is not. Requests and answers are plain data; times are Unix milliseconds of the database.
 */
import type { KeyRecord, KeyState, PublishedKey, SigningAlgorithm } from '#accessors/key/contract.js';
import type { RotationStep } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** One step of the life of a key, done or to come. */
export type KeyringStep = RotationStep;
export type KeyStatus = Omit<KeyRecord, 'jwk'>;

export interface KeyringStatus {
  readonly epoch: number;
  readonly floor: number;
  readonly now: number;
  readonly keys: readonly KeyStatus[];
  /** What is due or comes next, soonest first. */
  readonly next: readonly KeyringStep[];
}

/** What every change answers. With `validateOnly`: what would be done now; nothing was. */
export interface KeyringChangeReport {
  readonly validateOnly: boolean;
  /** Epoch after the change; the one found when nothing changed. */
  readonly epoch: number;
  readonly done: readonly KeyringStep[];
  readonly next: readonly KeyringStep[];
}

export interface RotateRequest {
  /** Left out: every algorithm of the keyring. */
  readonly algorithm?: SigningAlgorithm;
  readonly validateOnly: boolean;
}

export interface ImportKeyRequest {
  readonly algorithm: SigningAlgorithm;
  readonly from: KeyElsewhere | KeyAtHand;
  readonly validateOnly: boolean;
}

/** A key that stays where it is. */
export interface KeyElsewhere {
  /** Signing backend that holds the private half. */
  readonly backend: string;
  /** What names the key there: a file, a version in a key vault. */
  readonly reference: string;
}

/** A key that is sealed and kept in the database. */
export interface KeyAtHand {
  /** PEM or JWK; whoever asks fills it with zeros after. */
  readonly privateKey: Buffer;
}

export interface ExportedKey {
  readonly kid: string;
  readonly state: KeyState;
  /** Public JWK, JSON text. */
  readonly jwk: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly pem: string;
}

export interface KeyringManager {
  /**
   * Makes the first keys and the installation's secrets where they are missing, and records that it did. Call it at boot, before
   * any port is open.
   *
   * @throws CodedError `KEY_UNSEAL_FAILED`, `KEY_ENCRYPTION_KEY_MISSING`, `KEYRING_RESTORED`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  prepare(context: CallContext): Promise<void>;

  /** The public keys that verifiers must know. Served also while the database is away. */
  publishedKeys(context: CallContext): Promise<readonly PublishedKey[]>;

  /**
   * Begins a planned rotation before its time: a next key is made and published now, and activated by `advance` when verifiers
   * have had the time to learn of it; one that waited long enough is activated now. Asked by several at once, one next key
   * comes of it.
   *
   * @throws CodedError `KEYRING_CHANGED`, `KEYRING_RESTORED`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  rotate(context: CallContext, request: RotateRequest): Promise<KeyringChangeReport>;

  /**
   * Does the steps that are due, under the lease on keyring work; what the timer calls. Safe with any number of processes: who
   * has not got the lease does nothing and says so with `held: false`.
   */
  advance(context: CallContext): Promise<KeyringChangeReport & { readonly held: boolean }>;

  /** All keys, their states and what comes next. */
  status(context: CallContext): Promise<KeyringStatus>;

  /**
   * Takes a key that exists in a backend, or that is handed over, into the keyring: published now, as the next key of its algorithm,
   * which signs when verifiers have had the time to learn of it.
   *
   * @throws CodedError `KEY_IMPORT_REFUSED`, `KEYRING_CHANGED`, or a code of the backend
   */
  importKey(context: CallContext, request: ImportKeyRequest): Promise<KeyringChangeReport>;

  /** Public halves, of one key or of all that are or were public. @throws CodedError `KEY_UNKNOWN` */
  exportPublic(context: CallContext, kid: string | null): Promise<readonly ExportedKey[]>;

  /**
   * The signed document of keys that offline verifiers must not accept any more: compact JWS, `typ: countersign-cutoff+jwt`, with
   * sequence and expiry. Kept in memory until the keyring changes or a third of its life is over.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE`
   */
  cutoffs(context: CallContext): Promise<string>;
}

export interface KeyEmergencyRequest {
  readonly kid: string;
  /** For the audit record. */
  readonly reason: string;
  readonly validateOnly: boolean;
}

/** Tokens that were issued under a key and may not have ended. */
export interface IssuedUnderKey {
  readonly audience: string;
  /** Beginning of the hour in which they were issued. */
  readonly hour: number;
  readonly tokens: number;
  /** End of the last of them. */
  readonly lastExpiresAt: number;
}

/** Where tokens of the key are still accepted, and until when at the latest. */
export interface Acceptance {
  readonly where: 'exchange' | 'check' | 'sdk' | 'plain libraries';
  /** Unix milliseconds. */
  readonly until: number;
  readonly because: string;
}

export interface KeyEmergencyReport extends KeyringChangeReport {
  /** Key that signs in its place; `null` when it was not active. */
  readonly replacedBy: string | null;
  readonly issued: readonly IssuedUnderKey[];
  readonly accepted: readonly Acceptance[];
}

export interface BreakGlassRequest {
  /** Left out: every configured algorithm. */
  readonly algorithm?: SigningAlgorithm;
  readonly reason: string;
  /** Says that the database was restored from an older state: keys that it believes to be in use are revoked. */
  readonly afterRestore: boolean;
  readonly validateOnly: boolean;
}

/** What does not wait for verifiers. Each call is recorded in the transaction of the change. */
export interface KeyEmergency {
  /**
   * Stops a key from signing at once and leaves it public until its tokens have ended. The active key is replaced in the same
   * transaction: by the next key if there is one, else by a new one, which signs at once.
   *
   * @throws CodedError `KEY_UNKNOWN`, `KEYRING_MOVE_REFUSED`, `KEYRING_CHANGED`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  taint(context: CallContext, request: KeyEmergencyRequest): Promise<KeyEmergencyReport>;

  /** As `taint`, and the key is public no more: nothing that it signed is good. */
  revoke(context: CallContext, request: KeyEmergencyRequest): Promise<KeyEmergencyReport>;

  /**
   * Makes a new key that signs at once, with nothing reachable but the database and what seals keys; the keyring need not have been
   * prepared. The key that was active goes to `retiring`.
   *
   * @throws CodedError `KEYRING_RESTORED` without `afterRestore`, `KEYRING_CHANGED`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  breakGlass(context: CallContext, request: BreakGlassRequest): Promise<KeyringChangeReport>;
}

export const KEYRING_MANAGER: unique symbol = Symbol('KeyringManager');
export const KEY_EMERGENCY: unique symbol = Symbol('KeyEmergency');
