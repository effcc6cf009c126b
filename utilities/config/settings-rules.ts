import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { directoryRules } from './directory-rules.js';
import { factSourceRules } from './fact-source.rules.js';
import { keyStorageRules } from './key-storage.rules.js';
import { listenerRules } from './listener.rules.js';
import { rotationRules } from './rotation-rules.js';
import { isLoopbackHost, type SettingsFile } from './settings.schema.js';
import type { SettingsErrorCode, SettingsFault } from './settings-fault.js';

/** What the members mean together, for members that are well formed each for itself. */
export type WellFormedMembers = { readonly [Member in keyof SettingsFile]: SettingsFile[Member] | undefined };

export interface RuleInput {
  readonly members: WellFormedMembers;
  readonly fileName: string;
  readonly environmentUrl: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly mode: 'serve' | 'dev';
}

const USUAL_LIFETIME = { least: 300, most: 900 };

export function brokenRules(input: RuleInput): readonly SettingsFault[] {
  const everywhere = [
    ...tokenRules(input),
    ...rotationRules(input.members.keys?.rotation),
    ...keyStorageRules(input.members.keys, {
      mode: input.mode,
      isReadable: (name) => isReadable(resolveBeside(input.fileName, name)),
    }),
    ...(['http', 'grpc'] as const).flatMap((name) =>
      listenerRules(name, input.members[name], (file) => isReadable(resolveBeside(input.fileName, file))),
    ),
    ...storeRules(input),
    ...factSourceRules(input.members.factSources ?? [], {
      mode: input.mode,
      isReadable: (name) => isReadable(resolveBeside(input.fileName, name)),
    }),
    ...directoryRules(input.members.directories ?? [], (name) => isReadable(resolveBeside(input.fileName, name))),
  ];
  return input.mode === 'dev'
    ? everywhere
    : [...everywhere, ...databaseRules(input), ...keyRules(input), ...exposureRules(input)];
}

export function resolveBeside(fileName: string, relative: string): string {
  return resolve(dirname(fileName), relative);
}

function tokenRules({ members: { tokens } }: RuleInput): readonly SettingsFault[] {
  if (tokens === undefined || tokens.unusualLifetime) return [];
  const { least, most } = USUAL_LIFETIME;
  if (tokens.lifetimeSeconds >= least && tokens.lifetimeSeconds <= most) return [];
  const message = `expected ${least} to ${most}; if another lifetime is meant, say so with tokens.unusualLifetime: true`;
  return [fault('CONFIG_INVALID', ['tokens', 'lifetimeSeconds'], message)];
}

function storeRules({ members: { database } }: RuleInput): readonly SettingsFault[] {
  if (database?.embedded === undefined || database.url === undefined) return [];
  return [fault('CONFIG_INVALID', ['database'], 'expected either url or embedded, not both')];
}

function databaseRules({ members: { database }, environmentUrl }: RuleInput): readonly SettingsFault[] {
  if (database === undefined) return [];
  if (database.embedded !== undefined)
    return [fault('DEVKIT_REFUSED', ['database', 'embedded'], 'the embedded database is for development')];
  if (database.url !== undefined || environmentUrl !== undefined) return [];
  return [fault('CONFIG_INVALID', ['database', 'url'], 'missing: set it, or the environment variable DATABASE_URL')];
}

function keyRules({ members: { keys }, fileName }: RuleInput): readonly SettingsFault[] {
  if (keys === undefined || keys.keyEncryptionKey !== undefined) return [];
  const path = ['keys', 'keyEncryptionKeyFile'];
  if (keys.keyEncryptionKeyFile === undefined) return [fault('KEY_ENCRYPTION_KEY_MISSING', path, 'missing')];
  if (isReadable(resolveBeside(fileName, keys.keyEncryptionKeyFile))) return [];
  return [fault('KEY_ENCRYPTION_KEY_MISSING', path, 'there is no readable file of this name')];
}

/** SECURITY: credentials and tokens never cross a network in the clear, and nothing made for development runs in production. */
function exposureRules({ members }: RuleInput): readonly SettingsFault[] {
  const faults: SettingsFault[] = [];
  for (const name of ['http', 'grpc'] as const) {
    const listener = members[name];
    if (listener === undefined || members.behindProxy !== false || listener.tls !== null || isLoopbackHost(listener.host))
      continue;
    faults.push(
      fault(
        'CONFIG_PLAINTEXT_REFUSED',
        [name, 'host'],
        `plaintext on ${listener.host}; expected tls, a loopback address or behindProxy: true`,
      ),
    );
  }
  if (members.outbound?.allowLoopbackHttp === true) {
    faults.push(fault('DEVKIT_REFUSED', ['outbound', 'allowLoopbackHttp'], 'this switch is for development; expected false'));
  }
  return faults;
}

function isReadable(name: string): boolean {
  try {
    accessSync(name, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function fault(code: SettingsErrorCode, path: readonly PropertyKey[], message: string): SettingsFault {
  return { code, path, message };
}
