import { createHmac, type KeyObject } from 'node:crypto';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type {
  ActiveKey,
  Adding,
  FallbackChange,
  KeyAccess,
  PublishedKey,
  SecretPurpose,
  SigningAlgorithm,
  StandInKeys,
  VerificationKey,
} from './contract.js';
import type { EpochFloorFile } from './epoch-floor.file.js';
import type { InstallationSecrets } from './installation-secrets.js';
import type { KeyMaker } from './key-maker.js';
import { isPublicState } from './key-states.js';
import type { KeyStore, StoredKeyring } from './key.store.js';
import { KeyringFollower } from './keyring-follower.js';
import { KeyringLoader, type LoadedKey, type LoadedKeyring } from './loaded-keyring.js';
import type { SigningBackends } from './signing-backends.js';
import type { SigningFallback } from './signing-fallback.js';
import { TextSealer } from './text-sealer.js';

/** A keyring that nobody could confirm for longer than this issues nothing and vouches for nothing. */
const TRUSTED_FOR_MS = 5 * 60_000;
const RETRY_SECONDS = 5;
const PROBE = 'countersign self-test';

interface Dependencies {
  readonly store: KeyStore;
  readonly backends: SigningBackends;
  readonly secrets: InstallationSecrets;
  readonly maker: KeyMaker;
  readonly floor: EpochFloorFile;
  readonly changeFeed: ChangeFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What an empty ring gets a first key of. */
  readonly algorithms: readonly SigningAlgorithm[];
  readonly prePublishSeconds: number;
  /** Left out: what a backend does not sign is not signed. */
  readonly fallback?: SigningFallback;
}

export class DefaultKeyAccess implements KeyAccess, StandInKeys {
  private keyring: LoadedKeyring | undefined;
  private readonly loader: KeyringLoader;
  private readonly follower: KeyringFollower;
  private readonly sealer: TextSealer;

  constructor(private readonly deps: Dependencies) {
    this.loader = new KeyringLoader(deps);
    this.sealer = new TextSealer(deps);
    this.follower = new KeyringFollower({ ...deps, reload: () => this.load() });
  }

  activeKey(_context: CallContext, algorithm: SigningAlgorithm): ActiveKey {
    const signer = this.signer(algorithm);
    return this.isLeftAlone(signer) ? (this.standbyOf(algorithm)?.active ?? signer.active) : signer.active;
  }

  signWith(_context: CallContext, key: ActiveKey, signingInput: string): string | Promise<string> {
    const { active, signing } = this.signer(key.algorithm);
    if (active.kid !== key.kid) return this.signStandingIn(key, signingInput);
    if (signing === null) throw signingUnavailable('the key is not active any more');

    const signature = signing.backend.sign(signing.handle, key.algorithm, signingInput);
    if (!(signature instanceof Promise)) return base64url(signature);
    return signature.then(base64url, (cause: unknown) => {
      this.deps.fallback?.failed(key.algorithm, cause);
      throw shownFailure(cause);
    });
  }

  standIn(_context: CallContext, key: ActiveKey, failure: unknown): ActiveKey | undefined {
    const cause = isCodedError(failure) ? (failure.details.cause ?? failure) : failure;
    if (this.deps.fallback?.isAway(cause) !== true) return undefined;
    const standby = this.standbyOf(key.algorithm)?.active;
    return standby?.kid === key.kid ? undefined : standby;
  }

  onFallback(listener: (change: FallbackChange) => void): void {
    this.deps.fallback?.onChange(listener);
  }

  keyedDigest(_context: CallContext, purpose: SecretPurpose, message: string): string {
    return createHmac('sha256', this.secretFor(purpose)).update(message, 'utf8').digest('base64url');
  }

  seal(_context: CallContext, purpose: SecretPurpose, content: { readonly text: string; readonly bound: string }): string {
    return this.sealer.seal(this.secretFor(purpose), { ...content, purpose });
  }

  unseal(
    _context: CallContext,
    purpose: SecretPurpose,
    content: { readonly sealed: string; readonly bound: string },
  ): string | undefined {
    return this.sealer.unseal(this.secretFor(purpose), { ...content, purpose });
  }

  async publishedKeys(_context: CallContext): Promise<readonly PublishedKey[]> {
    // An empty answer would be cached by verifiers, which would then refuse every token.
    return this.loaded().published;
  }

  verificationKey(_context: CallContext, kid: string): VerificationKey | undefined {
    return this.confirmed().keys.get(kid)?.verification;
  }

  async prepare(
    _context: CallContext,
    adding: Adding = (_made, add) => add(),
  ): Promise<{ readonly madeKeys: readonly string[]; readonly madeSecrets: readonly SecretPurpose[] }> {
    const madeSecrets = await this.deps.secrets.load(adding);
    const madeKeys = await this.makeFirstKeys(adding);
    this.follower.follow();
    await this.load();
    return { madeKeys, madeSecrets };
  }

  /** Takes a change of this process, and what time brought, into it without waiting to hear of it. Does nothing before `prepare`. */
  async refresh(): Promise<void> {
    this.deps.fallback?.look();
    if (this.keyring !== undefined) await this.follower.wake();
  }

  onModuleDestroy(): void {
    this.follower.stop();
    this.deps.fallback?.stop();
  }

  private isLeftAlone({ active, signing }: LoadedKey): boolean {
    const { fallback } = this.deps;
    if (fallback === undefined || signing === null) return false;
    return fallback.isHeld(active.algorithm, () => signing.backend.sign(signing.handle, active.algorithm, PROBE));
  }

  /** SECURITY: one that verifiers have had the time to learn of, by the same rule as any key that signs. */
  private standbyOf(algorithm: SigningAlgorithm): LoadedKey | undefined {
    if (this.deps.fallback === undefined) return undefined;
    const now = this.deps.clock.monotonic();
    return this.confirmed().standbys.find((key) => key.active.algorithm === algorithm && key.readyAt <= now);
  }

  private signStandingIn(key: ActiveKey, signingInput: string): string | Promise<string> {
    const standby = this.standbyOf(key.algorithm);
    if (standby?.active.kid !== key.kid || standby.signing === null) throw signingUnavailable('the key is not active any more');

    const { backend, handle } = standby.signing;
    this.deps.fallback?.used(key.algorithm, key.kid);
    const signature = backend.sign(handle, key.algorithm, signingInput);
    return signature instanceof Promise ? signature.then(base64url) : base64url(signature);
  }

  private async makeFirstKeys(adding: Adding): Promise<string[]> {
    const ring = await this.deps.store.keyring();
    if (ring.keys.length > 0) return [];
    const made: string[] = [];
    for (const algorithm of this.deps.algorithms) {
      const key = await this.deps.maker.make(algorithm, `first-${algorithm}`);
      if (await adding({ key: key.kid }, () => this.deps.store.addFirstKey(key, made))) made.push(key.kid);
    }
    return made;
  }

  private async load(): Promise<void> {
    const leastOf = this.leastEpochs();
    const ring = await this.deps.store.keyring();
    refuseRestored(ring, leastOf(ring.installation));
    try {
      this.keyring = await this.loader.load(ring, this.keyring);
    } catch (error) {
      this.dropStopped(ring);
      throw error;
    }
    this.deps.floor.raise(ring.installation, ring.epoch);
  }

  /** What the epoch must be at least, as it is known before the ring is read. */
  private leastEpochs(): (installation: string) => number {
    const floorOf = this.deps.floor.seen();
    const known = this.keyring;
    return (installation) => Math.max(floorOf(installation), known?.installation === installation ? known.epoch : 0);
  }

  /**
   * SECURITY: one row that does not open must not keep a key alive that another row says was stopped. What the table says against
   * a key holds at once; what it says for one needs its proof.
   */
  private dropStopped(ring: StoredKeyring): void {
    if (this.keyring === undefined) return;
    const states = new Map(ring.keys.map((key) => [key.kid, key.state]));
    const { keys, signers, standbys, published } = this.keyring;
    const isStill = (kid: string, holds: (state: string) => boolean): boolean => holds(states.get(kid) ?? 'active');
    const kept = new Map([...keys].filter(([kid]) => isStill(kid, isPublicState)));
    const stand = standbys.filter(({ active }) => isStill(active.kid, (state) => state === 'published'));
    const areSigners = [...signers.values()].every(({ active }) => isStill(active.kid, isActive));
    if (kept.size === keys.size && areSigners && stand.length === standbys.length) return;
    this.keyring = {
      ...this.keyring,
      keys: kept,
      signers: new Map([...signers].filter(([, { active }]) => isStill(active.kid, isActive))),
      standbys: stand,
      published: Object.freeze(published.filter(({ kid }) => kept.has(kid))),
    };
  }

  private signer(algorithm: SigningAlgorithm): LoadedKey {
    const signer = this.confirmed().signers.get(algorithm);
    if (signer === undefined) throw signingUnavailable(`no active ${algorithm} key`);
    if (signer.readyAt > this.deps.clock.monotonic()) {
      throw signingUnavailable(`the ${algorithm} key is published for too short a time`);
    }
    return signer;
  }

  private secretFor(purpose: SecretPurpose): KeyObject {
    const secret = this.deps.secrets.of(purpose);
    if (secret === undefined) throw signingUnavailable(`no secret for ${purpose}`);
    return secret;
  }

  private confirmed(): LoadedKeyring {
    const keyring = this.loaded();
    if (this.follower.unconfirmedFor() > TRUSTED_FOR_MS)
      throw signingUnavailable('the keyring could not be confirmed for 5 minutes');
    return keyring;
  }

  private loaded(): LoadedKeyring {
    if (this.keyring === undefined) throw signingUnavailable('the keyring is not loaded');
    return this.keyring;
  }
}

/** @throws CodedError `KEYRING_RESTORED` */
function refuseRestored({ epoch }: StoredKeyring, least: number): void {
  if (epoch >= least) return;
  throw new CodedError('KEYRING_RESTORED', {
    internal: `the keyring is at epoch ${String(epoch)}, it was at ${String(least)}`,
  });
}

/** Callers learn that nothing is signed, and when to come back; what is wrong with the vault is for the operator. */
function shownFailure(cause: unknown): unknown {
  if (!isCodedError(cause) || !cause.code.startsWith('VAULT_')) return cause;
  const { internal = '', retryAfterSeconds = RETRY_SECONDS } = cause.details;
  const code = cause.code === 'VAULT_THROTTLED' ? 'SIGNING_THROTTLED' : 'SIGNING_UNAVAILABLE';
  return new CodedError(code, { internal: `${cause.code}: ${internal}`, retryAfterSeconds, cause });
}

function isActive(state: string): boolean {
  return state === 'active';
}

function base64url(signature: Buffer): string {
  return signature.toString('base64url');
}

function signingUnavailable(internal: string): CodedError {
  return new CodedError('SIGNING_UNAVAILABLE', { internal, retryAfterSeconds: RETRY_SECONDS });
}
