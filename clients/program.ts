import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAuditCommand } from './cli/audit.command.js';
import { addBootstrapCommand } from './cli/bootstrap.command.js';
import { addClientCommand } from './cli/client.command.js';
import { addConfigCommand } from './cli/config.command.js';
import { addDataCommand } from './cli/data.command.js';
import { addDemoCommand } from './cli/demo.command.js';
import { addDevCommand } from './cli/dev.command.js';
import { addExplainCommand } from './cli/explain.command.js';
import { addImportCommand } from './cli/import.command.js';
import { addIssuerCommand } from './cli/issuer.command.js';
import { addKeysCommand } from './cli/keys.command.js';
import { addMigrateCommand } from './cli/migrate.command.js';
import { addPolicyCommand } from './cli/policy.command.js';
import { addPolicyQuestions } from './cli/policy-questions.command.js';
import { printError } from './cli/print-error.js';
import { offlineDiagnosis } from './explain.js';
import { addSecretCommands } from './cli/secret.commands.js';
import { addRevokeCommand } from './cli/revoke.command.js';
import { addServeCommand } from './cli/serve.command.js';
import { addTokenCommand } from './cli/token.command.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

/** Every command but the one that has to answer at once. */
export async function runProgram(): Promise<void> {
  const program = new Command('countersign')
    .description('A Security Token Service: an identity provider signs who you are; Countersign countersigns what you may do.')
    .version(version)
    .showHelpAfterError();

  addDevCommand(program);
  addDemoCommand(program);
  addServeCommand(program);
  addMigrateCommand(program);
  addImportCommand(program);
  addBootstrapCommand(program);
  addIssuerCommand(program);
  addClientCommand(program);
  addDataCommand(program);
  addKeysCommand(program);
  addRevokeCommand(program);
  addPolicyCommand(program);
  addPolicyQuestions(program);
  addTokenCommand(program);
  addAuditCommand(program, version);
  addConfigCommand(program);
  addSecretCommands(program);
  addExplainCommand(program, offlineDiagnosis());

  await program.parseAsync().catch((error: unknown) => {
    printError(error);
    process.exit(1);
  });
}
