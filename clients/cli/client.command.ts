import { type Command, InvalidArgumentError } from 'commander';
import type { ClientAdministration } from '#managers/administration/client-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { withManagers } from '../host.js';
import { changeLines, clientLines, reviewLines, secretLines } from './client.lines.js';
import { readDocument } from './import.command.js';
import { loadSettings } from './load-settings.js';

interface Common {
  readonly config: string;
  readonly json?: true;
}

interface Changing extends Common {
  readonly validateOnly?: true;
}

type Work<Result> = (clients: ClientAdministration, context: CallContext) => Promise<Result>;

const USUAL_DAYS = 180;

export function addClientCommand(program: Command): void {
  const client = program
    .command('client')
    .description('who may call: registered clients, how they prove themselves, their secrets');
  addReading(client);
  addChanging(client);
  addSecrets(client.command('secret').description('secrets of a client: two at a time, so that one can follow the other'));
}

function addReading(client: Command): void {
  common(client.command('list'))
    .description('every client, its secrets and what is weak about it')
    .action((options: Common) => show(options, clientLines, (clients, context) => clients.clients(context)));
  common(client.command('show <id>'))
    .description('one client, as it would be written in an import file')
    .action((id: string, options: Common) => show(options, reviewLines, (clients, context) => clients.client(context, id)));
}

function addChanging(client: Command): void {
  changing(client.command('put <file>'))
    .description('bring a client to the state of a file, made where it is new; its secrets stay as they are')
    .action(async (file: string, options: Changing) => {
      const order = { document: readDocument(file), validateOnly: options.validateOnly === true };
      await show(options, changeLines, (clients, context) => clients.put(context, order));
    });
  for (const [verb, status, description] of [
    ['disable', 'disabled', 'keep a client out'],
    ['enable', 'active', 'let a client in again'],
  ] as const) {
    changing(client.command(`${verb} <id>`))
      .description(description)
      .action((clientId: string, options: Changing) =>
        show(options, changeLines, (clients, context) =>
          clients.switchClient(context, { clientId, status, validateOnly: options.validateOnly === true }),
        ),
      );
  }
}

function addSecrets(secret: Command): void {
  changing(secret.command('add <id>'))
    .description('make a secret of 256 random bits; it is shown this once')
    .option('--days <number>', 'days until it ends, 1 to 730', daysOf, USUAL_DAYS)
    .action((clientId: string, options: Changing & { days: number }) =>
      show(options, secretLines, (clients, context) =>
        clients.addSecret(context, { clientId, days: options.days, validateOnly: options.validateOnly === true }),
      ),
    );
  changing(secret.command('remove <id> <secret>'))
    .description('end a secret now; `client show` tells how secrets are called')
    .action((clientId: string, secretId: string, options: Changing) =>
      show(
        options,
        () => [options.validateOnly === true ? 'nothing was changed' : `removed   secret ${secretId} of client ${clientId}`],
        async (clients, context) => {
          await clients.removeSecret(context, { clientId, secretId, validateOnly: options.validateOnly === true });
          return { clientId, secretId };
        },
      ),
    );
}

function common(command: Command): Command {
  return command.requiredOption('--config <file>', 'process settings (YAML)').option('--json', 'print JSON instead of text');
}

function changing(command: Command): Command {
  return common(command).option('--validate-only', 'say what would be done and do nothing');
}

async function show<Result>(options: Common, lines: (result: Result) => readonly string[], work: Work<Result>): Promise<void> {
  const result = await withManagers(loadSettings(options.config), ({ clients }, context) => work(clients, context));
  process.stdout.write(options.json === true ? `${JSON.stringify(result, null, 2)}\n` : `${lines(result).join('\n')}\n`);
}

function daysOf(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 730) return days;
  throw new InvalidArgumentError('expected 1 to 730');
}
