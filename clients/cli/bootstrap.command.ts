import type { Command } from 'commander';
import { withManagers } from '../host.js';
import { readDocument } from './import.command.js';
import { loadSettings } from './load-settings.js';

export function addBootstrapCommand(program: Command): void {
  program
    .command('bootstrap <file>')
    .description('appoint the first operator, once: the identity that the file names (docs/operating/operators.md)')
    .requiredOption('--config <file>', 'process settings (YAML)')
    .action(async (file: string, options: { config: string }) => {
      const document = readDocument(file);
      const appointed = await withManagers(loadSettings(options.config), ({ administration }, context) =>
        administration.appointFirstOperator(context, document),
      );
      console.log(appointed ? 'countersign: the first operator is appointed; delete the file' : 'countersign: nothing to do');
    });
}
