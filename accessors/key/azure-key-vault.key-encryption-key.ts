import { createHash, timingSafeEqual } from 'node:crypto';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { KeyEncryptionKey, KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';
import type { VaultKeys, VaultVersion } from './vault/vault.keys.js';

interface Dependencies {
  readonly keys: VaultKeys;
  /** Host and port of the vault: a part of the ids. */
  readonly vaultHost: string;
  readonly keyName: string;
  /** `null`: the latest at the time of opening. */
  readonly keyVersion: string | null;
}

const DATA_KEY_BYTES = 32;
const BINDING_BYTES = 32;

/**
 * An RSA key in Azure Key Vault that wraps data keys by RSA-OAEP-256; its private half never leaves the vault. New data keys are
 * wrapped under one version, which is stored with each row and opens it for as long as the vault keeps it.
 */
export class AzureKeyVaultKeyEncryptionKey implements KeyEncryptionKeyProvider {
  readonly name = 'azure-key-vault';

  constructor(private readonly deps: Dependencies) {}

  async open(): Promise<KeyEncryptionKey> {
    const { keys, keyName, keyVersion } = this.deps;
    const found = await keys.get(keyName, keyVersion ?? undefined);
    if (!found.enabled) throw new CodedError('VAULT_KEY_DISABLED', { internal: `key ${keyName}/${found.version}` });
    const { kty } = found.jwk;
    if (kty !== 'RSA' && kty !== 'RSA-HSM') {
      throw new CodedError('VAULT_OPERATION_REFUSED', {
        internal: `key ${keyName} is of type ${String(kty)}, wrapping needs RSA`,
      });
    }
    return new VaultVersionKey(this.deps, found.version);
  }
}

class VaultVersionKey implements KeyEncryptionKey {
  readonly id: string;
  private readonly version: VaultVersion;

  constructor(
    private readonly deps: Dependencies,
    version: string,
  ) {
    this.version = { name: deps.keyName, version };
    this.id = `${prefixOf(deps)}${version}`;
  }

  /** RSA-OAEP takes no associated data through the vault, so what the data key is bound to goes in with it, as a digest. */
  async wrap(dataKey: Buffer, boundTo: Buffer): Promise<Buffer> {
    const value = Buffer.concat([dataKey, digestOf(boundTo)]);
    try {
      return await this.deps.keys.wrap(this.version, value);
    } finally {
      value.fill(0);
    }
  }

  async unwrap(wrapped: Buffer, boundTo: Buffer): Promise<Buffer> {
    const value = await this.unwrapped(wrapped);
    try {
      const belongs =
        value.length === DATA_KEY_BYTES + BINDING_BYTES && timingSafeEqual(value.subarray(DATA_KEY_BYTES), digestOf(boundTo));
      if (!belongs) throw new Error('the data key is bound to another place');
      return Buffer.from(value.subarray(0, DATA_KEY_BYTES));
    } finally {
      value.fill(0);
    }
  }

  withId(id: string): KeyEncryptionKey | undefined {
    if (id === this.id) return this;
    const prefix = prefixOf(this.deps);
    const version = id.startsWith(prefix) ? id.slice(prefix.length) : '';
    return /^[0-9a-f]{32}$/.test(version) ? new VaultVersionKey(this.deps, version) : undefined;
  }

  /** 400 is what the vault says to bytes that it cannot open: then the row was altered, and the vault is well. */
  private async unwrapped(wrapped: Buffer): Promise<Buffer> {
    try {
      return await this.deps.keys.unwrap(this.version, wrapped);
    } catch (cause) {
      if (isCodedError(cause) && cause.code === 'VAULT_OPERATION_REFUSED') {
        throw new Error('the vault does not open the data key', { cause });
      }
      throw cause;
    }
  }
}

function prefixOf({ vaultHost, keyName }: Dependencies): string {
  return `azure-key-vault:${vaultHost}/${keyName}/`.toLowerCase();
}

function digestOf(boundTo: Buffer): Buffer {
  return createHash('sha256').update(boundTo).digest();
}
