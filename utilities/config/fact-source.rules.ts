import type { FactSourceSettings } from './contract.js';
import type { FactSourceFile } from './fact-source.schema.js';
import type { SettingsFault } from './settings-fault.js';
import { isLoopbackHost } from './settings.schema.js';

interface RuleTools {
  readonly mode: 'serve' | 'dev';
  readonly isReadable: (name: string) => boolean;
}

type Path = readonly (string | number)[];

/** What fact sources mean together and each for itself, beyond their form. */
export function factSourceRules(sources: readonly FactSourceFile[], tools: RuleTools): readonly SettingsFault[] {
  return sources.flatMap((source, index) => {
    const path = ['factSources', index];
    const twin = sources.findIndex(({ name }) => name === source.name);
    return [
      ...(twin < index ? [fault([...path, 'name'], `the same name as factSources[${String(twin)}]`)] : []),
      ...validityRules(source, path),
      ...urlRules(source, path, tools.mode),
      ...fileRules(source, path, tools.isReadable),
    ];
  });
}

/** The same with the names of files from the folder of the settings file. */
export function factSourceOf(source: FactSourceFile, beside: (name: string) => string): FactSourceSettings {
  switch (source.kind) {
    case 'sql':
      return { ...source, urlFile: beside(source.urlFile) };
    case 'http':
      return { ...source, bearerFile: source.bearerFile === null ? null : beside(source.bearerFile) };
    case 'openfeature':
      return { ...source, providerModule: beside(source.providerModule) };
  }
}

function validityRules({ cacheSeconds, validSeconds }: FactSourceFile, path: Path): readonly SettingsFault[] {
  if (validSeconds > cacheSeconds) return [];
  return [fault([...path, 'validSeconds'], `expected more than cacheSeconds, which is ${String(cacheSeconds)}`)];
}

/** SECURITY: the question says who the subject is, and the credential goes with it. */
function urlRules(source: FactSourceFile, path: Path, mode: RuleTools['mode']): readonly SettingsFault[] {
  if (source.kind !== 'http') return [];
  const { protocol, hostname, username, password } = new URL(source.url);
  const where = [...path, 'url'];
  if (username !== '' || password !== '') return [fault(where, 'a credential in the URL; put it into bearerFile')];
  if (protocol === 'https:' || (mode === 'dev' && isLoopbackHost(hostname))) return [];
  return [fault(where, 'expected https (http on loopback in dev alone)')];
}

function fileRules(source: FactSourceFile, path: Path, isReadable: RuleTools['isReadable']): readonly SettingsFault[] {
  const [member, name] = namedFile(source);
  if (name === null || isReadable(name)) return [];
  return [fault([...path, member], 'there is no readable file of this name')];
}

function namedFile(source: FactSourceFile): readonly [member: string, name: string | null] {
  if (source.kind === 'sql') return ['urlFile', source.urlFile];
  return source.kind === 'http' ? ['bearerFile', source.bearerFile] : ['providerModule', source.providerModule];
}

function fault(path: Path, message: string): SettingsFault {
  return { code: 'CONFIG_INVALID', path, message };
}
