import type { Command } from 'commander';
import { stringify } from 'yaml';
import { redactedSettings } from '../operator-tools.js';
import { loadSettings } from './load-settings.js';

export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('look at process settings without starting anything');
  config
    .command('check')
    .description('say everything that is wrong with a settings file')
    .requiredOption('--config <file>', 'process settings (YAML)')
    .action((options: { config: string }) => {
      loadSettings(options.config);
      console.log(`countersign: ${options.config} is valid`);
    });
  config
    .command('print')
    .description('print the settings in force, defaults included')
    .requiredOption('--config <file>', 'process settings (YAML)')
    .requiredOption('--redacted', 'leave secrets out; there is no way to print them')
    .action((options: { config: string }) => {
      console.log(stringify(redactedSettings(loadSettings(options.config))).trimEnd());
    });
}
