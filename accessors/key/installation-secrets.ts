import type { KeyObject } from 'node:crypto';
import type { Adding, SecretPurpose } from './contract.js';
import type { KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';
import type { KeyStore } from './key.store.js';
import { newSecret, openSecret } from './sealed-material.js';

const PURPOSES: readonly SecretPurpose[] = [
  'subject-pseudonym',
  'keyring-proof',
  'subject-reference',
  'consistency-token',
  'dpop-nonce',
];

interface Dependencies {
  readonly store: KeyStore;
  readonly keyEncryptionKey: KeyEncryptionKeyProvider;
}

/** The secrets of the installation, opened once: they never change. */
export class InstallationSecrets {
  private opened: ReadonlyMap<SecretPurpose, KeyObject> = new Map();

  constructor(private readonly deps: Dependencies) {}

  /** The secret, if it was loaded. */
  of(purpose: SecretPurpose): KeyObject | undefined {
    return this.opened.get(purpose);
  }

  /** Makes those that are missing, exactly once however many processes ask, and opens all. Answers what it made. */
  async load(adding: Adding = (_made, add) => add()): Promise<readonly SecretPurpose[]> {
    const keyEncryptionKey = await this.deps.keyEncryptionKey.open();
    const there = new Set((await this.deps.store.secrets()).map((secret) => secret.purpose));
    const made: SecretPurpose[] = [];
    for (const purpose of PURPOSES) {
      if (there.has(purpose)) continue;
      const secret = await newSecret(keyEncryptionKey, purpose);
      if (await adding({ secret: purpose }, () => this.deps.store.addSecret(secret))) made.push(purpose);
    }
    const opened = new Map<SecretPurpose, KeyObject>();
    for (const stored of await this.deps.store.secrets()) {
      const purpose = PURPOSES.find((known) => known === stored.purpose);
      if (purpose !== undefined) opened.set(purpose, await openSecret(keyEncryptionKey, stored));
    }
    this.opened = opened;
    return made;
  }

  /** The secret that proves public keys; loads what is there where nothing was loaded yet. */
  async proofSecret(): Promise<KeyObject> {
    if (!this.opened.has('keyring-proof')) await this.load();
    const secret = this.opened.get('keyring-proof');
    if (secret === undefined) throw new Error('a secret that was made is there');
    return secret;
  }
}
