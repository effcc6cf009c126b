import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parse } from 'yaml';
import type { ImportReport } from '#managers/administration/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { withManagers } from '../host.js';
import { loadSettings } from './load-settings.js';

export function addImportCommand(program: Command): void {
  program
    .command('import <file>')
    .description(
      'bring issuers, applications, policies, clients, subjects and assignments to the state of a file, all or nothing',
    )
    .requiredOption('--config <file>', 'process settings (YAML)')
    .action(async (file: string, options: { config: string }) => {
      const document = readDocument(file);
      const report = await withManagers(loadSettings(options.config), ({ administration }, context) =>
        administration.importDocument(context, document),
      );
      for (const line of reportLines(report)) console.log(line);
    });
}

/** Reads a YAML or JSON file. @throws CodedError `IMPORT_INVALID` */
export function readDocument(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'), { maxAliasCount: 0 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unreadable';
    throw new CodedError('IMPORT_INVALID', { actual: `${file}: ${reason}`, cause });
  }
}

function reportLines(report: ImportReport): string[] {
  const counts = Object.entries(report.counts)
    .filter(([, count]) => count.created + count.updated + count.unchanged > 0)
    .map(
      ([kind, count]) =>
        `${kind}: ${String(count.created)} created, ${String(count.updated)} updated, ${String(count.unchanged)} unchanged`,
    );
  return [...counts, ...report.warnings.map((warning) => `warning: ${warning}`)];
}
