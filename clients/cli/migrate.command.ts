import type { Command } from 'commander';
import { openFoundations } from '../foundations.js';
import { loadSettings } from './load-settings.js';

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema to this version; safe to run again, and by several processes at once')
    .requiredOption('--config <file>', 'process settings (YAML)')
    .action(async (options: { config: string }) => {
      const foundations = await openFoundations(loadSettings(options.config), { migrate: true, unsafeRole: 'keep' });
      await foundations.close();
      console.log('countersign: the schema is up to date');
    });
}
