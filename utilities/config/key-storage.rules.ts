import type { z } from 'zod';
import type { KeyEncryptionKeySettings, KeyStorageSettings, VaultSettings } from './contract.js';
import type { keyStorageShape } from './key-storage.schema.js';
import type { SettingsFault } from './settings-fault.js';

interface KeyStorageFile extends z.infer<z.ZodObject<typeof keyStorageShape>> {
  readonly keyEncryptionKeyFile?: string | undefined;
  readonly algorithms: readonly string[];
}

type KeyEncryptionKeyFile = NonNullable<KeyStorageFile['keyEncryptionKey']>;
type VaultFile = NonNullable<KeyStorageFile['vault']>;

interface RuleTools {
  readonly mode: 'serve' | 'dev';
  readonly isReadable: (name: string) => boolean;
}

/** What the members of `keys` about storage mean together. */
export function keyStorageRules(keys: KeyStorageFile | undefined, tools: RuleTools): readonly SettingsFault[] {
  if (keys === undefined) return [];
  return [
    ...keyEncryptionKeyRules(keys, tools),
    ...backendRules(keys),
    ...fallbackRules(keys),
    ...(keys.vault === undefined ? [] : vaultRules(keys.vault, tools)),
  ];
}

function keyEncryptionKeyRules(keys: KeyStorageFile, { mode, isReadable }: RuleTools): readonly SettingsFault[] {
  const faults: SettingsFault[] = [];
  if (keys.keyEncryptionKey !== undefined && keys.keyEncryptionKeyFile !== undefined) {
    faults.push(invalid(['keyEncryptionKey'], 'expected either keyEncryptionKey or keyEncryptionKeyFile, not both'));
  }
  for (const [path, found] of namedKeyEncryptionKeys(keys)) {
    if (found.provider === 'env' && mode === 'serve') {
      const message = 'a key-encryption key in the environment is for development; expected file or azure-key-vault';
      faults.push({ code: 'DEVKIT_REFUSED', path: ['keys', ...path], message });
    }
    if (found.provider === 'file' && !isReadable(found.file)) {
      const message = 'there is no readable file of this name';
      faults.push({ code: 'KEY_ENCRYPTION_KEY_MISSING', path: ['keys', ...path, 'file'], message });
    }
    if (found.provider === 'azure-key-vault' && keys.vault === undefined) {
      faults.push(invalid(['vault'], 'missing: provider: azure-key-vault needs it'));
    }
  }
  return faults;
}

type Named = readonly [path: readonly (string | number)[], found: KeyEncryptionKeyFile];

function namedKeyEncryptionKeys(keys: KeyStorageFile): readonly Named[] {
  const further = keys.furtherKeyEncryptionKeys.map((found, index): Named => [['furtherKeyEncryptionKeys', index], found]);
  return keys.keyEncryptionKey === undefined ? further : [[['keyEncryptionKey'], keys.keyEncryptionKey], ...further];
}

function backendRules({ backend, directory, vault, algorithms }: KeyStorageFile): readonly SettingsFault[] {
  if (backend === 'file' && directory === undefined) return [invalid(['directory'], 'missing: backend: file needs it')];
  if (backend !== 'azure-key-vault') return [];
  const faults: SettingsFault[] = [];
  if (vault === undefined) faults.push(invalid(['vault'], 'missing: backend: azure-key-vault needs it'));
  if (algorithms.includes('Ed25519')) faults.push(invalid(['algorithms'], 'Azure Key Vault does not sign with Ed25519'));
  return faults;
}

/** Refused where no key could ever stand in. */
function fallbackRules({ backend, vault }: KeyStorageFile): readonly SettingsFault[] {
  if (vault?.whenItCannotSign !== 'signLocally') return [];
  const path = ['vault', 'whenItCannotSign'];
  if (backend !== 'azure-key-vault') {
    return [invalid(path, `expected shed: with backend: ${backend} the vault signs nothing, and nothing can stand in for it`)];
  }
  if (vault.hsm) return [invalid(path, 'expected shed: hsm: true keeps keys in hardware, and a key that stands in is not')];
  return [];
}

function vaultRules({ clientId, credential, caFile }: VaultFile, { isReadable }: RuleTools): readonly SettingsFault[] {
  const faults: SettingsFault[] = [];
  if (credential.kind !== 'managedIdentity' && clientId === null) {
    faults.push(invalid(['vault', 'clientId'], 'missing: the id of the app registration'));
  }
  const files = Object.entries(credential).filter(([member]) => member !== 'kind');
  for (const [member, name] of files) {
    if (!isReadable(name)) faults.push(invalid(['vault', 'credential', member], 'there is no readable file of this name'));
  }
  if (caFile !== null && !isReadable(caFile)) faults.push(invalid(['vault', 'caFile'], 'there is no readable file of this name'));
  return faults;
}

interface StorageTools {
  /** The name, seen from the folder of the settings file. */
  readonly beside: (name: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `undefined`: nothing but the short form is given. */
export function keyStorageOf(keys: KeyStorageFile, tools: StorageTools): KeyStorageSettings | undefined {
  const { backend, keyEncryptionKey, furtherKeyEncryptionKeys, directory, vault } = keys;
  const isShort = backend === 'local' && keyEncryptionKey === undefined && furtherKeyEncryptionKeys.length === 0;
  if (isShort && directory === undefined && vault === undefined) return undefined;
  return {
    backend,
    keyEncryptionKey: keyEncryptionKey === undefined ? null : keyEncryptionKeyOf(keyEncryptionKey, tools),
    furtherKeyEncryptionKeys: furtherKeyEncryptionKeys.map((further) => keyEncryptionKeyOf(further, tools)),
    directory: directory === undefined ? null : tools.beside(directory),
    vault: vault === undefined ? null : vaultOf(vault, tools),
  };
}

function keyEncryptionKeyOf(from: KeyEncryptionKeyFile, { beside, environment }: StorageTools): KeyEncryptionKeySettings {
  switch (from.provider) {
    case 'file':
      return { provider: from.provider, file: beside(from.file) };
    case 'env':
      return { provider: from.provider, variable: from.variable, value: environment[from.variable] ?? null };
    case 'azure-key-vault':
      return from;
  }
}

function vaultOf(from: VaultFile, { beside }: StorageTools): VaultSettings {
  const { credential, caFile } = from;
  return {
    ...from,
    url: from.url.replace(/\/$/, ''),
    credential: credentialOf(credential, beside),
    caFile: caFile === null ? null : beside(caFile),
  };
}

function credentialOf(credential: VaultFile['credential'], beside: (name: string) => string): VaultSettings['credential'] {
  switch (credential.kind) {
    case 'managedIdentity':
      return credential;
    case 'certificateFile':
      return { kind: credential.kind, certFile: beside(credential.certFile), keyFile: beside(credential.keyFile) };
    case 'secretFile':
    case 'federatedTokenFile':
      return { kind: credential.kind, file: beside(credential.file) };
  }
}

function invalid(path: readonly (string | number)[], message: string): SettingsFault {
  return { code: 'CONFIG_INVALID', path: ['keys', ...path], message };
}
