import type { Command } from 'commander';
import type { ImportKeyRequest, KeyEmergencyReport, KeyringChangeReport } from '#managers/keyring/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { type Managers, withManagers } from '../host.js';
import { type KeySource, keySource } from './key-source.js';
import { changeLines, emergencyLines, keyLines, rewrapLines, statusLines } from './keys.lines.js';
import { loadSettings } from './load-settings.js';

type SigningAlgorithm = ImportKeyRequest['algorithm'];

interface Common {
  readonly config: string;
  readonly json?: boolean;
  readonly validateOnly?: boolean;
}

interface Emergency extends Common {
  readonly reason: string;
}

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];

export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('look at signing keys and change them');
  addReading(keys);
  addPlanned(keys);
  addEmergencies(keys);
  addSealing(keys);
}

function addReading(keys: Command): void {
  reading(keys, 'list')
    .description('every key and its state')
    .action((options: Common) =>
      shown(
        options,
        ({ keyring }, context) => keyring.status(context),
        (status) => keyLines(status.keys),
      ),
    );
  reading(keys, 'status')
    .description('epoch, keys, and which step comes when')
    .action((options: Common) => shown(options, ({ keyring }, context) => keyring.status(context), statusLines));
  reading(keys, 'export-public [kid]')
    .description('public keys as PEM, or with --json as JWK too: of one key, or of all that are or were public')
    .action((kid: string | undefined, options: Common) =>
      shown(
        options,
        ({ keyring }, context) => keyring.exportPublic(context, kid ?? null),
        (found) => found.map(({ pem }) => pem.trimEnd()),
      ),
    );
}

function addPlanned(keys: Command): void {
  changing(keys, 'rotate')
    .description('make and publish the next key now; it signs when verifiers have had the time to learn of it')
    .option('--algorithm <name>', `one algorithm: ${ALGORITHMS.join(', ')}`)
    .action((options: Common & { algorithm?: string }) =>
      shown(
        options,
        ({ keyring }, context) =>
          keyring.rotate(context, { ...chosen(options.algorithm), validateOnly: isOnlyValidated(options) }),
        changeLines,
      ),
    );
  changing(keys, 'import')
    .description(
      'take a private key, or one that exists in a signing backend, into the keyring, as the next key of its algorithm',
    )
    .requiredOption('--algorithm <name>', `what it signs with: ${ALGORITHMS.join(', ')}`)
    .option('--file <name>', 'PEM or JWK of the private key, to be kept in the database; - reads it from standard input')
    .option('--backend <name>', 'instead: signing backend that holds it')
    .option('--reference <text>', 'its name there: a file, a version in a key vault')
    .action((options: Common & { algorithm: string } & KeySource) => imported(options));
}

async function imported(options: Common & { algorithm: string } & KeySource): Promise<void> {
  const algorithm = algorithmOf(options.algorithm);
  const from = await keySource(options);
  try {
    await shown(
      options,
      ({ keyring }, context) => keyring.importKey(context, { algorithm, from, validateOnly: isOnlyValidated(options) }),
      changeLines,
    );
  } finally {
    if ('privateKey' in from) from.privateKey.fill(0);
  }
}

function addEmergencies(keys: Command): void {
  for (const verb of ['taint', 'revoke'] as const) {
    changing(keys, `${verb} <kid>`)
      .description(
        verb === 'taint'
          ? 'stop a key from signing at once; it stays public until its tokens have ended'
          : 'stop a key at once and take it out of the public set: nothing that it signed is good any more',
      )
      .requiredOption('--reason <text>', 'why; kept in the audit trail')
      .action((kid: string, options: Emergency) =>
        shown(
          options,
          ({ keyEmergency }, context): Promise<KeyEmergencyReport> =>
            keyEmergency[verb](context, { kid, reason: options.reason, validateOnly: isOnlyValidated(options) }),
          emergencyLines,
        ),
      );
  }
  changing(keys, 'break-glass')
    .description('make a key that signs at once, with nothing reachable but the database and what seals keys')
    .requiredOption('--reason <text>', 'why; kept in the audit trail')
    .option('--algorithm <name>', `one algorithm: ${ALGORITHMS.join(', ')}`)
    .option('--after-restore', 'the database was restored from an older state: revoke the keys that it believes to be in use')
    .action((options: Emergency & { algorithm?: string; afterRestore?: boolean }) =>
      shown(
        options,
        ({ keyEmergency }, context): Promise<KeyringChangeReport> =>
          keyEmergency.breakGlass(context, {
            ...chosen(options.algorithm),
            reason: options.reason,
            afterRestore: options.afterRestore === true,
            validateOnly: isOnlyValidated(options),
          }),
        changeLines,
      ),
    );
}

function addSealing(keys: Command): void {
  reading(keys, 'rewrap')
    .description('bring everything that is sealed under the current key-encryption key; may be stopped and started again')
    .option('--batch <rows>', 'rows in one step', '100')
    .action((options: Common & { batch: string }) =>
      shown(options, ({ keySealing }, context) => keySealing.rewrap(context, { batch: Number(options.batch) }), rewrapLines),
    );
}

function reading(keys: Command, name: string): Command {
  return keys.command(name).requiredOption('--config <file>', 'process settings (YAML)').option('--json', 'print JSON');
}

function changing(keys: Command, name: string): Command {
  return reading(keys, name).option('--validate-only', 'say what would be done, and do nothing');
}

/** Runs the work on the Managers and prints what it answers, as JSON or as lines. */
async function shown<Answer>(
  options: Common,
  work: (managers: Managers, context: CallContext) => Promise<Answer>,
  lines: (answer: Answer) => readonly string[],
): Promise<void> {
  const answer = await withManagers(loadSettings(options.config), work);
  if (options.json === true) console.log(JSON.stringify(answer, null, 2));
  else for (const line of lines(answer)) console.log(line);
}

function isOnlyValidated({ validateOnly }: Common): boolean {
  return validateOnly === true;
}

function chosen(name: string | undefined): { readonly algorithm?: SigningAlgorithm } {
  return name === undefined ? {} : { algorithm: algorithmOf(name) };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
function algorithmOf(name: string): SigningAlgorithm {
  const algorithm = ALGORITHMS.find((known) => known === name);
  if (algorithm !== undefined) return algorithm;
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'algorithm', actual: name, expected: ALGORITHMS.join(', ') });
}
