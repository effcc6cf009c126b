import type { Clock } from '#utilities/clock/contract.js';
import type { KeyEncryptionKeySettings, KeyStorageSettings, Settings } from '#utilities/config/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import { AzureKeyVaultKeyEncryptionKey } from './azure-key-vault.key-encryption-key.js';
import { AzureKeyVaultSigningBackend } from './backends/azure-key-vault.signing-backend.js';
import { FileSigningBackend } from './backends/file.signing-backend.js';
import { LocalSigningBackend } from './backends/local.signing-backend.js';
import { EnvKeyEncryptionKey } from './env.key-encryption-key.js';
import { FileKeyEncryptionKey } from './file.key-encryption-key.js';
import { KeptKeyEncryptionKey } from './kept.key-encryption-key.js';
import type { KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';
import type { SigningBackend } from './signing-backend.contract.js';
import { openVault } from './vault/open.vault.js';

export interface KeyStorage {
  readonly keyEncryptionKey: KeyEncryptionKeyProvider;
  readonly backends: readonly SigningBackend[];
  /** Name of the backend that makes new keys. */
  readonly newKeysIn: string;
  /** Whether keys that stand by sign what the vault cannot. */
  readonly fallsBack: boolean;
}

interface Tools {
  readonly clock: Clock;
  readonly logger: Logger;
}

type Vault = ReturnType<typeof openVault>;

const LOCAL_ALONE: KeyStorageSettings = {
  backend: 'local',
  keyEncryptionKey: null,
  furtherKeyEncryptionKeys: [],
  directory: null,
  vault: null,
};

/**
 * What the settings say about where keys are. Every backend that is configured takes part, so that keys of the one before a change
 * go on signing; new keys are made in one.
 */
export function keyStorage(settings: Settings['keys'], tools: Tools): KeyStorage {
  const storage = settings.storage ?? LOCAL_ALONE;
  const vault = storage.vault === null ? undefined : openVault(storage.vault, tools.clock);
  const current = storage.keyEncryptionKey ?? { provider: 'file', file: settings.keyEncryptionKeyFile };
  const keyEncryptionKey = new KeptKeyEncryptionKey({
    current: providerOf(current, vault, tools.logger),
    further: storage.furtherKeyEncryptionKeys.map((further) => providerOf(further, vault, tools.logger)),
  });
  const backends = backendsOf(storage, { ...tools, keyEncryptionKey, vault });
  const fallsBack = storage.vault?.whenItCannotSign === 'signLocally';
  return { keyEncryptionKey, backends, newKeysIn: storage.backend, fallsBack };
}

function providerOf(from: KeyEncryptionKeySettings, vault: Vault | undefined, logger: Logger): KeyEncryptionKeyProvider {
  switch (from.provider) {
    case 'file':
      return new FileKeyEncryptionKey(from.file);
    case 'env':
      return new EnvKeyEncryptionKey({ variable: from.variable, value: from.value ?? undefined, logger });
    case 'azure-key-vault': {
      const { keys, host } = required(vault);
      return new AzureKeyVaultKeyEncryptionKey({ keys, vaultHost: host, keyName: from.keyName, keyVersion: from.keyVersion });
    }
  }
}

function backendsOf(
  { directory, vault: settings }: KeyStorageSettings,
  parts: Tools & { readonly keyEncryptionKey: KeyEncryptionKeyProvider; readonly vault: Vault | undefined },
): readonly SigningBackend[] {
  const backends: SigningBackend[] = [new LocalSigningBackend(parts)];
  if (directory !== null) backends.push(new FileSigningBackend({ directory, clock: parts.clock }));
  if (settings !== null) {
    const { keys, host } = required(parts.vault);
    const { keyPrefix, hsm } = settings;
    backends.push(new AzureKeyVaultSigningBackend({ keys, vaultHost: host, keyPrefix, hsm }));
  }
  return backends;
}

/** The rules of the settings have seen to it. */
function required(vault: Vault | undefined): Vault {
  if (vault === undefined) throw new Error('a key vault is used and none is configured');
  return vault;
}
