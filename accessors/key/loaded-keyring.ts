import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '#utilities/clock/contract.js';
import type { ActiveKey, PublishedKey, SigningAlgorithm, VerificationKey } from './contract.js';
import { unsealFailed } from './envelope.js';
import type { InstallationSecrets } from './installation-secrets.js';
import { isSameKey, publicMembers, thumbprintOf } from './key-pair.js';
import { isPublicState } from './key-states.js';
import type { KeyStore, StoredKey, StoredKeyring } from './key.store.js';
import { isProven, publicProof } from './public-proof.js';
import type { KeyHandle, PublicMembers, SigningBackend } from './signing-backend.contract.js';
import type { SigningBackends } from './signing-backends.js';

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];
const NO_KEYS: ReadonlyMap<string, LoadedKey> = new Map();

interface Dependencies {
  readonly store: KeyStore;
  readonly backends: SigningBackends;
  readonly secrets: InstallationSecrets;
  readonly clock: Clock;
  readonly prePublishSeconds: number;
}

/** A public key with all that serving needs of it. */
export interface LoadedKey {
  readonly stored: StoredKey;
  readonly published: PublishedKey;
  readonly verification: VerificationKey;
  readonly active: ActiveKey;
  /** `null`: it does not sign any more. */
  readonly signing: { readonly backend: SigningBackend; readonly handle: KeyHandle } | null;
  /** Time of the monotonic clock from which it may sign. */
  readonly readyAt: number;
}

/** Everything that is needed to serve, in memory; replaced as a whole. */
export interface LoadedKeyring {
  readonly epoch: number;
  readonly installation: string;
  readonly keys: ReadonlyMap<string, LoadedKey>;
  readonly signers: ReadonlyMap<SigningAlgorithm, LoadedKey>;
  /** Keys that stand by, newest first. */
  readonly standbys: readonly LoadedKey[];
  readonly published: readonly PublishedKey[];
}

/** Opens and proves what the table says about the keyring. */
export class KeyringLoader {
  constructor(private readonly deps: Dependencies) {}

  /**
   * @param known what was loaded before; keys that did not change stay the same objects
   * @throws CodedError `KEY_UNSEAL_FAILED`, or a code of a backend
   */
  async load(ring: StoredKeyring, known: LoadedKeyring | undefined): Promise<LoadedKeyring> {
    const keys = new Map<string, LoadedKey>();
    for (const stored of ring.keys) {
      if (!isPublicState(stored.state)) continue;
      keys.set(stored.kid, await this.loadKey(stored, ring.now, known?.keys.get(stored.kid)));
    }
    this.forgetStopped(known?.keys ?? NO_KEYS, keys);
    const signers = new Map<SigningAlgorithm, LoadedKey>();
    for (const key of keys.values()) if (key.stored.state === 'active') signers.set(key.active.algorithm, key);
    const { epoch, installation } = ring;
    return { epoch, installation, keys, signers, standbys: standbysOf(keys), published: publishedOf(keys, known) };
  }

  private async loadKey(stored: StoredKey, now: number, known: LoadedKey | undefined): Promise<LoadedKey> {
    const algorithm = algorithmOf(stored);
    const signs = stored.state === 'published' || stored.state === 'active';
    const signing = signs ? this.signingPart(stored) : null;
    const members = signing === null ? await provenMembers(stored) : await this.openedMembers(stored, algorithm, signing);
    await this.checkProof(stored, members);
    const shown = known ?? shownOf(stored, members);
    const { kid, activatedAt, stoppedAt } = stored;
    const verification = {
      kid,
      algorithm,
      publicKey: shown.verification.publicKey,
      signsFrom: activatedAt ?? this.maySignFrom(stored),
      signsUntil: stoppedAt,
    };
    return {
      stored,
      published: shown.published,
      active: shown.active,
      verification,
      signing,
      readyAt: this.readyAt(stored, now),
    };
  }

  private readyAt({ signsAtOnce, publishedAt }: StoredKey, now: number): number {
    const waits = signsAtOnce ? 0 : (publishedAt ?? now) + this.deps.prePublishSeconds * 1_000 - now;
    return this.deps.clock.monotonic() + Math.max(0, waits);
  }

  /** Another replica may have activated it already, and its tokens come here before the news of it. */
  private maySignFrom({ publishedAt }: StoredKey): number | null {
    return publishedAt === null ? null : publishedAt + this.deps.prePublishSeconds * 1_000;
  }

  private signingPart(stored: StoredKey): { backend: SigningBackend; handle: KeyHandle } {
    const backend = this.deps.backends.named(stored.backend);
    if (backend === undefined) throw keyFault(stored, `signing backend ${stored.backend} is not configured`);
    const { sealed, wrappedDataKey, keyEncryptionKeyId, formatVersion } = stored;
    const missing = sealed === null || wrappedDataKey === null || keyEncryptionKeyId === null || formatVersion === null;
    const handle = {
      reference: stored.reference,
      sealed: missing ? null : { sealed, wrappedDataKey, keyEncryptionKeyId, formatVersion },
    };
    return { backend, handle };
  }

  private async openedMembers(
    stored: StoredKey,
    algorithm: SigningAlgorithm,
    { backend, handle }: { backend: SigningBackend; handle: KeyHandle },
  ): Promise<PublicMembers> {
    const members = await backend.publicKey(handle, algorithm);
    if ((await thumbprintOf(members)) !== stored.kid) throw keyFault(stored, 'kid is not the thumbprint of the key');
    if (!isSameKey(members, stored.publicJwk)) throw keyFault(stored, 'public_jwk is not the public half of the key');
    return members;
  }

  /**
   * SECURITY: without it, whoever can write to the table could publish a key of their own, or point one elsewhere. A sealed
   * private half that opened is as good a proof, and gives the key one for the time after it.
   */
  private async checkProof(stored: StoredKey, publicJwk: PublicMembers): Promise<void> {
    const secret = await this.deps.secrets.proofSecret();
    const proven = { ...stored, publicJwk };
    if (stored.publicProof === null && stored.sealed !== null && stored.backend === 'local') {
      await this.deps.store.addProof(stored.kid, publicProof(secret, proven));
      return;
    }
    if (stored.publicProof === null || !isProven(secret, proven, stored.publicProof)) {
      throw keyFault(stored, 'nothing proves that this installation made the key');
    }
  }

  private forgetStopped(before: ReadonlyMap<string, LoadedKey>, now: ReadonlyMap<string, LoadedKey>): void {
    for (const [kid, { signing }] of before) {
      const signs = now.get(kid)?.signing ?? null;
      if (signing !== null && signs === null) signing.backend.forget(signing.handle);
    }
  }
}

/** The public half of a key whose private half is gone; what proves it is the digest beside it. */
async function provenMembers(stored: StoredKey): Promise<PublicMembers> {
  const members = membersIn(stored);
  if ((await thumbprintOf(members)) !== stored.kid) throw keyFault(stored, 'kid is not the thumbprint of the key');
  return members;
}

function membersIn(stored: StoredKey): PublicMembers {
  const algorithm = algorithmOf(stored);
  try {
    if (typeof stored.publicJwk !== 'object' || stored.publicJwk === null) throw new Error('no JWK');
    const members = publicMembers(createPublicKey({ key: { ...stored.publicJwk }, format: 'jwk' }), algorithm);
    if (isSameKey(members, stored.publicJwk)) return members;
  } catch {
    throw keyFault(stored, 'public_jwk is not a public key of this algorithm');
  }
  throw keyFault(stored, 'public_jwk has other members than a public key');
}

function algorithmOf(stored: StoredKey): SigningAlgorithm {
  const algorithm = ALGORITHMS.find((one) => one === stored.algorithm);
  if (algorithm === undefined) throw keyFault(stored, 'the algorithm is not known');
  return algorithm;
}

/** What callers key memos by: made once for a key, and kept for as long as it is public. */
function shownOf(stored: StoredKey, members: PublicMembers): Pick<LoadedKey, 'published' | 'active'> & ShownKey {
  const { kid } = stored;
  const algorithm = algorithmOf(stored);
  return {
    published: publishedKey(kid, algorithm, members),
    active: Object.freeze({ kid, algorithm }),
    verification: { publicKey: publicKeyOf(stored, algorithm, members) },
  };
}

interface ShownKey {
  readonly verification: { readonly publicKey: KeyObject };
}

function publicKeyOf(stored: StoredKey, algorithm: SigningAlgorithm, members: PublicMembers): KeyObject {
  const publicKey = createPublicKey({ key: { ...members }, format: 'jwk' });
  if (!isSameKey(publicMembers(publicKey, algorithm), members)) throw keyFault(stored, 'public_jwk is not a public key');
  return publicKey;
}

/** INVARIANT: what is published are members that were named one by one; a private member cannot get in. */
function publishedKey(kid: string, algorithm: SigningAlgorithm, members: PublicMembers): PublishedKey {
  return Object.freeze({ kid, jwk: Object.freeze({ kid, alg: algorithm, use: 'sig', ...members }) });
}

function standbysOf(keys: ReadonlyMap<string, LoadedKey>): readonly LoadedKey[] {
  const standing = [...keys.values()].filter(({ stored }) => stored.standby && stored.state === 'published');
  return standing.sort((one, other) => other.stored.createdAt - one.stored.createdAt);
}

/** The same array as before where it would hold the same keys, so that what is made of it need not be made again. */
function publishedOf(keys: ReadonlyMap<string, LoadedKey>, known: LoadedKeyring | undefined): readonly PublishedKey[] {
  const published = [...keys.values()].map((key) => key.published);
  const before = known?.published ?? [];
  const same = known !== undefined && before.length === published.length && published.every((key, at) => key === before[at]);
  return same ? before : Object.freeze(published);
}

function keyFault(stored: Pick<StoredKey, 'kid'>, why: string): Error {
  return unsealFailed({ table: 'signing_key', row: stored.kid }, why);
}
