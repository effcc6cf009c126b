import { type Command, InvalidArgumentError } from 'commander';
import type { IssuerAdministration } from '#managers/administration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { withManagers } from '../host.js';
import { readDocument } from './import.command.js';
import { describeIssuer, type IssuerOptions } from './issuer-description.js';
import { diffLines, draftLines, historyLines, listLines, showLines, statusLines } from './issuer.lines.js';
import { loadSettings } from './load-settings.js';

interface Common {
  readonly config: string;
  readonly json?: true;
}

type Work<Result> = (issuers: IssuerAdministration, context: CallContext) => Promise<Result>;

export function addIssuerCommand(program: Command): void {
  const issuer = program
    .command('issuer')
    .description('decide which identity providers are trusted: draft, review, activate, disable');
  addDraftCommand(issuer);
  addReadingCommands(issuer);
  addChangingCommands(issuer);
}

function addDraftCommand(issuer: Command): void {
  common(issuer.command('add'))
    .description('look at an identity provider and keep it as a draft, which counts for nothing until it is activated')
    .option('--from-url <url>', 'its issuer URL; one of Entra ID names the cloud and the directory too')
    .option('--from-file <file>', 'YAML or JSON of one issuer, as in an import file; the other options are not used then')
    .option('--name <name>', 'your stable name for it')
    .option('--preset <preset>', 'auth0, github-actions, google, keycloak, kubernetes, okta or spiffe')
    .option('--audience <audience>', 'an aud that is accepted; repeat it for more', collect, [])
    .option('--tenant <slug>', 'the tenant that its tokens belong to')
    .option('--when <claim=value>', 'a claim that a token must have to belong to the tenant')
    .action(async (options: Common & IssuerOptions & { readonly fromFile?: string }) => {
      const document = options.fromFile === undefined ? describeIssuer(options) : readDocument(options.fromFile);
      await show(options, draftLines, (issuers, context) => issuers.draftIssuer(context, document));
    });
}

function addReadingCommands(issuer: Command): void {
  common(issuer.command('list'))
    .description('every issuer, how it stands and which version is in force')
    .action((options: Common) => show(options, listLines, (issuers, context) => issuers.issuers(context)));
  for (const [verb, description, lines] of [
    ['show', 'one version of an issuer, the newest if none is named, and how it differs from what is in force', showLines],
    ['diff', 'what would change if a version, the newest if none is named, were activated', diffLines],
    ['history', 'what was drafted and what was in force when', historyLines],
  ] as const) {
    common(issuer.command(verb))
      .argument('<name>', 'the issuer')
      .argument('[version]', 'its version', versionNumber)
      .description(description)
      .action((name: string, version: number | undefined, options: Common) =>
        show(options, lines, (issuers, context) => issuers.reviewIssuer(context, name, version ?? null)),
      );
  }
  common(issuer.command('status'))
    .description('how every issuer stands, and what the active ones answer to this machine right now')
    .action((options: Common) => show(options, statusLines, (issuers, context) => issuers.issuerStatus(context)));
}

function addChangingCommands(issuer: Command): void {
  common(issuer.command('activate'))
    .argument('<name>', 'the issuer')
    .argument('<version>', 'its version', versionNumber)
    .description('put a version into force, everywhere; an earlier version is the way back')
    .option('--replace <version>', 'the version in force that it takes the place of; without it, none may be', versionNumber)
    .action((name: string, version: number, options: Common & { readonly replace?: number }) => {
      const order = { name, version, expected: options.replace ?? null };
      return show(options, changeLines(name), (issuers, context) => issuers.activateIssuer(context, order));
    });
  for (const [verb, status, description] of [
    ['disable', 'disabled', 'refuse its tokens, everywhere and at once'],
    ['enable', 'active', 'accept its tokens again, by the version that was in force'],
  ] as const) {
    common(issuer.command(`${verb} <name>`))
      .description(description)
      .action((name: string, options: Common) =>
        show(options, changeLines(name), (issuers, context) => issuers.switchIssuer(context, name, status)),
      );
  }
}

function changeLines(name: string): (change: { readonly version: number; readonly status: string }) => string[] {
  return ({ version, status }) => [`${name}: version ${String(version)} is ${status}`];
}

function common(command: Command): Command {
  return command.requiredOption('--config <file>', 'process settings (YAML)').option('--json', 'print JSON instead of text');
}

async function show<Result>(options: Common, lines: (result: Result) => readonly string[], work: Work<Result>): Promise<void> {
  const result = await withManagers(loadSettings(options.config), ({ issuers }, context) => work(issuers, context));
  if (options.json === true) console.log(JSON.stringify(result, null, 2));
  else for (const line of lines(result)) console.log(line);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function versionNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected the number of a version: 1, 2, …');
}
