import { dirname, join } from 'node:path';
import { z } from 'zod';
import { auditOf } from './audit.schema.js';
import type { DatabaseSettings, DirectoryCredential, DirectorySettings, Settings } from './contract.js';
import { factSourceOf } from './fact-source.rules.js';
import { keyStorageOf } from './key-storage.rules.js';
import { listenerOf } from './listener.rules.js';
import { nearestName } from './did-you-mean.js';
import { rotationOf } from './rotation-rules.js';
import { readSettingsDocument } from './settings-document.js';
import { pathText, settingsError, type SettingsFault } from './settings-fault.js';
import { brokenRules, resolveBeside, type RuleInput, type WellFormedMembers } from './settings-rules.js';
import { isDatabaseUrl, settingsSchema, settingsShape, type SettingsFile } from './settings.schema.js';

type Environment = Readonly<Record<string, string | undefined>>;

const DEV_KEY_FILE = '.countersign/key-encryption-key';
const FLOOR_FILE = 'keyring-floor';
const DEV_DATA_DIRECTORY = '.countersign/data';

/**
 * Reads a settings file: YAML, or JSON, which is YAML too. `DATABASE_URL` and `DATABASE_DIRECT_URL` of the environment win over
 * the file. Names of files
 * start at the folder of `fileName`.
 *
 * @throws CodedError with every fault, one a line, in `details.actual`: `CONFIG_INVALID`, or the more precise
 *   `CONFIG_PLAINTEXT_REFUSED`, `DEVKIT_REFUSED`, `KEY_ENCRYPTION_KEY_MISSING` when nothing else is wrong
 */
// eslint-disable-next-line max-params -- three of them say where the text is from; there is no better home for them
export function parseSettings(text: string, fileName: string, env: Environment, mode: 'serve' | 'dev'): Settings {
  const document = readSettingsDocument(text);
  if (document.faults.length > 0) {
    const faults = document.faults.map((message): SettingsFault => ({ code: 'CONFIG_INVALID', path: [], message }));
    throw settingsError(
      faults,
      faults.map(({ message }) => `${fileName}: ${message}`),
    );
  }
  const environmentUrl = urlFrom(env, 'DATABASE_URL');
  const read = settingsSchema.safeParse(document.value ?? {});
  const formFaults = read.success ? [] : read.error.issues.flatMap(faultsOfIssue);
  const members = read.success ? read.data : wellFormedMembers(document.value, formFaults);
  const input: RuleInput = { members, fileName, environmentUrl, environment: env, mode };
  const faults = [...formFaults, ...environmentFaults(env), ...brokenRules(input)];
  if (!read.success || faults.length > 0) {
    throw settingsError(
      faults,
      faults.map((fault) => `${fileName}${lineText(document.lineOf(fault.path))}: ${describe(fault)}`),
    );
  }
  return settingsOf(read.data, input);
}

/** The members without a fault of their own, so that what they mean together is checked in the same run. */
function wellFormedMembers(value: unknown, faults: readonly SettingsFault[]): WellFormedMembers {
  const faulty = new Set(faults.map(({ path }) => path[0]));
  const given = z.record(z.string(), z.unknown()).safeParse(value);
  const source = given.success ? given.data : {};
  const member = <Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> | undefined =>
    faulty.has(name) ? undefined : schema.safeParse(source[name]).data;
  return {
    issuer: member('issuer', settingsShape.issuer),
    http: member('http', settingsShape.http),
    grpc: member('grpc', settingsShape.grpc),
    grpcConnections: member('grpcConnections', settingsShape.grpcConnections),
    behindProxy: member('behindProxy', settingsShape.behindProxy),
    database: member('database', settingsShape.database),
    keys: member('keys', settingsShape.keys),
    tokens: member('tokens', settingsShape.tokens),
    policy: member('policy', settingsShape.policy),
    log: member('log', settingsShape.log),
    outbound: member('outbound', settingsShape.outbound),
    directories: member('directories', settingsShape.directories),
    factSources: member('factSources', settingsShape.factSources),
    grants: member('grants', settingsShape.grants),
    audit: member('audit', settingsShape.audit),
    limits: member('limits', settingsShape.limits),
    authzen: member('authzen', settingsShape.authzen),
    drainSeconds: member('drainSeconds', settingsShape.drainSeconds),
  };
}

/** SECURITY: says what was expected and never what was found, which may be a secret in the wrong place. */
function faultsOfIssue(issue: z.core.$ZodIssue): readonly SettingsFault[] {
  if (issue.code !== 'unrecognized_keys') return [{ code: 'CONFIG_INVALID', path: issue.path, message: issue.message }];
  return issue.keys.map((key) => {
    const nearest = nearestName(key, knownMembers(issue.path));
    const message = nearest === null ? 'unknown member' : `unknown member; did you mean ${nearest}?`;
    return { code: 'CONFIG_INVALID', path: [...issue.path, key], message };
  });
}

function knownMembers(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = settingsSchema;
  for (const part of path) schema = shapeOf(schema)[String(part)];
  return Object.keys(shapeOf(schema));
}

/** The members of an object schema, through the wrappers for defaults and absence. */
function shapeOf(schema: unknown): Readonly<Record<string, unknown>> {
  let inner = schema;
  while (
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.unwrap();
  }
  return inner instanceof z.ZodObject ? inner.shape : {};
}

function urlFrom(environment: Environment, variable: string): string | undefined {
  return environment[variable] === '' ? undefined : environment[variable];
}

function environmentFaults(environment: Environment): readonly SettingsFault[] {
  return ['DATABASE_URL', 'DATABASE_DIRECT_URL']
    .filter((variable) => !isDatabaseUrl(urlFrom(environment, variable) ?? 'postgres://unset'))
    .map((variable) => ({
      code: 'CONFIG_INVALID',
      path: [],
      message: `environment variable ${variable}: expected a PostgreSQL URL, postgres://user@host:5432/name`,
    }));
}

function lineText(line: number | null): string {
  return line === null ? '' : `:${line}`;
}

function describe({ path, message }: SettingsFault): string {
  return path.length === 0 ? message : `${pathText(path)}: ${message}`;
}

function settingsOf(file: SettingsFile, input: RuleInput): Settings {
  const { fileName } = input;
  const beside = (name: string): string => resolveBeside(fileName, name);
  return {
    issuer: file.issuer,
    http: listenerOf(file.http, beside),
    grpc: { ...listenerOf(file.grpc, beside), reflection: file.grpc.reflection },
    grpcConnections: file.grpcConnections,
    behindProxy: file.behindProxy,
    database: databaseOf(file.database, input),
    keys: keysOf(file.keys, input),
    tokens: { lifetimeSeconds: file.tokens.lifetimeSeconds },
    policy: { fourEyes: file.policy.fourEyes },
    log: file.log,
    outbound: file.outbound,
    directories: file.directories.map((directory) => directoryOf(directory, fileName)),
    factSources: file.factSources.map((source) => factSourceOf(source, beside)),
    grants: file.grants,
    audit: auditOf(file.audit, (name) => resolveBeside(fileName, name)),
    limits: file.limits,
    authzen: file.authzen,
    drainSeconds: file.drainSeconds,
  };
}

function directoryOf(from: DirectorySettings, fileName: string): DirectorySettings {
  const { credential, caFile } = from;
  return {
    ...from,
    credential: withNamesBeside(credential, fileName),
    caFile: caFile === null ? null : resolveBeside(fileName, caFile),
  };
}

function withNamesBeside(credential: DirectoryCredential, fileName: string): DirectoryCredential {
  switch (credential.kind) {
    case 'managedIdentity':
      return credential;
    case 'certificateFile':
      return {
        kind: credential.kind,
        certFile: resolveBeside(fileName, credential.certFile),
        keyFile: resolveBeside(fileName, credential.keyFile),
      };
    case 'secretFile':
    case 'federatedTokenFile':
      return { kind: credential.kind, file: resolveBeside(fileName, credential.file) };
  }
}

function keysOf(file: SettingsFile['keys'], { fileName, environment }: RuleInput): Settings['keys'] {
  const storage = keyStorageOf(file, { beside: (name) => resolveBeside(fileName, name), environment });
  const keyEncryptionKeyFile = resolveBeside(fileName, file.keyEncryptionKeyFile ?? DEV_KEY_FILE);
  return {
    keyEncryptionKeyFile,
    floorFile:
      file.floorFile === undefined ? join(dirname(keyEncryptionKeyFile), FLOOR_FILE) : resolveBeside(fileName, file.floorFile),
    algorithms: file.algorithms,
    rotation: rotationOf(file.rotation),
    ...(storage === undefined ? {} : { storage }),
  };
}

function databaseOf(file: SettingsFile['database'], { environmentUrl, environment, fileName }: RuleInput): DatabaseSettings {
  const url = environmentUrl ?? file.url;
  const directUrl = urlFrom(environment, 'DATABASE_DIRECT_URL') ?? file.directUrl;
  if (url !== undefined)
    return { kind: 'postgres', url, poolSize: file.poolSize, ...(directUrl === undefined ? {} : { directUrl }) };
  const directory = file.embedded === undefined ? DEV_DATA_DIRECTORY : file.embedded.directory;
  return { kind: 'embedded', directory: directory === null ? null : resolveBeside(fileName, directory) };
}
