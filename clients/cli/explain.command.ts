import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { DiagnosisManager } from '#managers/diagnosis/contract.js';
import { explainedErrorLines } from './explain.lines.js';

interface Explaining {
  readonly file?: string;
  readonly json?: boolean;
  readonly all?: boolean;
}

const STANDARD_INPUT = 0;
const NOTHING_KNOWN = 1;
const OFFLINE = { diagnosticId: '00000000-0000-0000-0000-000000000000', transport: 'cli' } as const;

export function addExplainCommand(program: Command, diagnosis: Pick<DiagnosisManager, 'explainError'>): void {
  program
    .command('explain [text...]')
    .description(
      'what an error means, who said it and what to do: gRPC, OAuth, Entra ID (AADSTS), Key Vault, TLS; ends with 1 if it is unknown',
    )
    .option('--file <file>', 'where the text is; standard input unless given or named')
    .option('--all', 'every cause that is possible, not only the first three')
    .option('--json', 'print JSON instead of text')
    .action((words: readonly string[], options: Explaining) => {
      const told = diagnosis.explainError(OFFLINE, textOf(words, options.file));
      const lines = options.json === true ? [JSON.stringify(told, null, 2)] : explainedErrorLines(told, options.all === true);
      process.stdout.write(`${lines.join('\n')}\n`);
      if (told.causes.length === 0) process.exitCode = NOTHING_KNOWN;
    });
}

function textOf(words: readonly string[], file: string | undefined): string {
  return words.length > 0 && file === undefined ? words.join(' ') : readFileSync(file ?? STANDARD_INPUT, 'utf8');
}
