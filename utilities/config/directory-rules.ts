import type { DirectoryCredential, DirectorySettings } from './contract.js';
import type { SettingsFault } from './settings-fault.js';

/** What directory entries mean together and each for itself, beyond their form. */
export function directoryRules(
  directories: readonly DirectorySettings[],
  isReadable: (name: string) => boolean,
): readonly SettingsFault[] {
  return directories.flatMap((directory, index) => {
    const path = ['directories', index];
    const twin = directories.findIndex((other) => other.issuer === directory.issuer && other.tenantId === directory.tenantId);
    const twice = twin < index ? [fault(path, `the same issuer and tenant as directories[${twin}]`)] : [];
    return [...twice, ...credentialRules(directory, path), ...fileRules(directory, path, isReadable)];
  });
}

function credentialRules({ credential, clientId, mode }: DirectorySettings, path: Path): readonly SettingsFault[] {
  if (credential.kind !== 'managedIdentity') {
    return clientId === null ? [fault([...path, 'clientId'], 'missing: the id of the app registration')] : [];
  }
  if (mode === 'application') return [];
  return [fault([...path, 'mode'], 'a managed identity asks for itself alone; expected application')];
}

function fileRules(directory: DirectorySettings, path: Path, isReadable: (name: string) => boolean): readonly SettingsFault[] {
  const { caFile, credential } = directory;
  const named: readonly (readonly [Path, string])[] = [
    ...(caFile === null ? [] : [[[...path, 'caFile'], caFile] as const]),
    ...filesOf(credential).map(([member, name]) => [[...path, 'credential', member], name] as const),
  ];
  return named.filter(([, name]) => !isReadable(name)).map(([where]) => fault(where, 'there is no readable file of this name'));
}

function filesOf(credential: DirectoryCredential): readonly (readonly [string, string])[] {
  return Object.entries(credential).filter(([member]) => member !== 'kind');
}

type Path = readonly (string | number)[];

function fault(path: Path, message: string): SettingsFault {
  return { code: 'CONFIG_INVALID', path, message };
}
