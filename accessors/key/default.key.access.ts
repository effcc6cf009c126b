import { createHmac, type KeyObject } from 'node:crypto';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { ActiveKey, KeyAccess, PublishedKey, SecretPurpose, SigningAlgorithm } from './contract.js';
import { unsealFailed } from './envelope.js';
import { signEs256 } from './es256.js';
import type { KeyEncryptionKey, KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';
import type { KeyStore, StoredKey } from './key.store.js';
import { newKey, newSecret, openKey, openSecret, type OpenedKey } from './sealed-material.js';

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256'];
const PURPOSES: readonly SecretPurpose[] = ['subject-pseudonym'];

interface Dependencies {
  readonly store: KeyStore;
  readonly keyEncryptionKey: KeyEncryptionKeyProvider;
}

interface Signer {
  readonly key: ActiveKey;
  readonly privateKey: KeyObject;
}

/** Everything that is needed to serve, in memory; replaced as a whole. */
interface Keyring {
  readonly signers: ReadonlyMap<SigningAlgorithm, Signer>;
  readonly published: readonly PublishedKey[];
  readonly secrets: ReadonlyMap<SecretPurpose, KeyObject>;
}

export class DefaultKeyAccess implements KeyAccess {
  private keyring: Keyring | undefined;

  constructor(private readonly deps: Dependencies) {}

  activeKey(_context: CallContext, algorithm: SigningAlgorithm): ActiveKey {
    return this.signer(algorithm).key;
  }

  signWith(_context: CallContext, key: ActiveKey, signingInput: string): string {
    const signer = this.signer(key.algorithm);
    if (signer.key.kid !== key.kid) throw signingUnavailable('the key is not active any more');
    return signEs256(signer.privateKey, signingInput);
  }

  keyedDigest(_context: CallContext, purpose: SecretPurpose, message: string): string {
    const secret = this.keyring?.secrets.get(purpose);
    if (secret === undefined) throw signingUnavailable(`no secret for ${purpose}`);
    return createHmac('sha256', secret).update(message, 'utf8').digest('base64url');
  }

  async publishedKeys(_context: CallContext): Promise<readonly PublishedKey[]> {
    // An empty answer would be cached by verifiers, which would then refuse every token.
    if (this.keyring === undefined) throw signingUnavailable('the keyring is not loaded');
    return this.keyring.published;
  }

  async prepare(
    _context: CallContext,
  ): Promise<{ readonly madeKeys: readonly string[]; readonly madeSecrets: readonly SecretPurpose[] }> {
    const keyEncryptionKey = await this.deps.keyEncryptionKey.open();
    const madeKeys = await this.makeMissingKeys(keyEncryptionKey);
    const madeSecrets = await this.makeMissingSecrets(keyEncryptionKey);
    this.keyring = await this.load(keyEncryptionKey);
    return { madeKeys, madeSecrets };
  }

  private async makeMissingKeys(keyEncryptionKey: KeyEncryptionKey): Promise<string[]> {
    const made: string[] = [];
    for (const algorithm of ALGORITHMS) {
      if (await this.deps.store.hadKeyOf(algorithm)) continue;
      const key = await newKey(keyEncryptionKey, algorithm);
      if (await this.deps.store.addFirstKey(key)) made.push(key.kid);
    }
    return made;
  }

  private async makeMissingSecrets(keyEncryptionKey: KeyEncryptionKey): Promise<SecretPurpose[]> {
    const there = new Set((await this.deps.store.secrets()).map((secret) => secret.purpose));
    const made: SecretPurpose[] = [];
    for (const purpose of PURPOSES) {
      if (there.has(purpose)) continue;
      const secret = await newSecret(keyEncryptionKey, purpose);
      if (await this.deps.store.addSecret(secret)) made.push(purpose);
    }
    return made;
  }

  private async load(keyEncryptionKey: KeyEncryptionKey): Promise<Keyring> {
    const signers = new Map<SigningAlgorithm, Signer>();
    const published: PublishedKey[] = [];
    for (const stored of await this.deps.store.publishedKeys()) {
      const algorithm = knownAlgorithm(stored);
      const opened = await openKey(keyEncryptionKey, stored);
      published.push(publishedKey(stored.kid, algorithm, opened));
      if (stored.state === 'active') signers.set(algorithm, this.signerFor(stored.kid, algorithm, opened));
    }
    return { signers, published: Object.freeze(published), secrets: await this.loadSecrets(keyEncryptionKey) };
  }

  private async loadSecrets(keyEncryptionKey: KeyEncryptionKey): Promise<ReadonlyMap<SecretPurpose, KeyObject>> {
    const secrets = new Map<SecretPurpose, KeyObject>();
    for (const stored of await this.deps.store.secrets()) {
      const purpose = PURPOSES.find((known) => known === stored.purpose);
      if (purpose !== undefined) secrets.set(purpose, await openSecret(keyEncryptionKey, stored));
    }
    return secrets;
  }

  /** Keeps the `ActiveKey` object of a key that was active already, since callers key memos by it. */
  private signerFor(kid: string, algorithm: SigningAlgorithm, opened: OpenedKey): Signer {
    const known = this.keyring?.signers.get(algorithm)?.key;
    const key = known?.kid === kid ? known : Object.freeze({ kid, algorithm });
    return { key, privateKey: opened.privateKey };
  }

  private signer(algorithm: SigningAlgorithm): Signer {
    const signer = this.keyring?.signers.get(algorithm);
    if (signer === undefined) throw signingUnavailable(`no active ${algorithm} key`);
    return signer;
  }
}

/** INVARIANT: members are named one by one; a private member cannot get in. */
function publishedKey(kid: string, algorithm: SigningAlgorithm, opened: OpenedKey): PublishedKey {
  const { kty, crv, x, y } = opened.publicJwk;
  return Object.freeze({ kid, jwk: Object.freeze({ kid, alg: algorithm, use: 'sig', kty, crv, x, y }) });
}

function knownAlgorithm(stored: StoredKey): SigningAlgorithm {
  const algorithm = ALGORITHMS.find((known) => known === stored.algorithm);
  if (algorithm === undefined) throw unsealFailed({ table: 'signing_key', row: stored.kid }, 'the algorithm is not known');
  return algorithm;
}

function signingUnavailable(internal: string): CodedError {
  return new CodedError('SIGNING_UNAVAILABLE', { internal, retryAfterSeconds: 5 });
}
