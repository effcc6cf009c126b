import type { Command } from 'commander';
import type { IssuerAdministration } from '#managers/administration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { withManagers } from '../host.js';
import { readDocument } from './import.command.js';
import { describeIssuer, type IssuerOptions } from './issuer-description.js';
import { draftLines, historyLines, listLines, reviewLines, statusLines } from './issuer.lines.js';
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
  for (const [name, description, lines] of [
    ['show <name>', 'one version of an issuer, the newest without --version', reviewLines],
    ['diff <name>', 'what would change if a version, the newest without --version, were activated', reviewLines],
    ['history <name>', 'what was in force when', historyLines],
  ] as const) {
    common(issuer.command(name))
      .description(description)
      .option('--version <number>', 'the version', positive)
      .action((issuerName: string, options: Common & { readonly version?: number }) =>
        show(options, lines, (issuers, context) => issuers.reviewIssuer(context, issuerName, options.version ?? null)),
      );
  }
  common(issuer.command('status'))
    .description('how every issuer stands, and what the active ones answer to this machine right now')
    .action((options: Common) => show(options, statusLines, (issuers, context) => issuers.issuerStatus(context)));
}

function addChangingCommands(issuer: Command): void {
  common(issuer.command('activate <name>'))
    .description('put a version into force, everywhere; an earlier version is the way back')
    .requiredOption('--version <number>', 'the version', positive)
    .option('--expect <number>', 'refuse if another version than this is in force; without it, none may be', positive)
    .action((name: string, options: Common & { readonly version: number; readonly expect?: number }) => {
      const order = { name, version: options.version, expected: options.expect ?? null };
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

function positive(text: string): number {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : Number.NaN;
}
