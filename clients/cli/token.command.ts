import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CodedError } from '#utilities/errors/coded-error.js';
import { withManagers } from '../host.js';
import { loadSettings } from './load-settings.js';
import { explainedTokenLines } from './token.lines.js';

interface Inspecting {
  readonly config: string;
  readonly client?: string;
  readonly file?: string;
  readonly json?: boolean;
}

/** Longer than any token that is looked at. */
const MOST_CHARACTERS = 64 * 1024;
const STANDARD_INPUT = 0;
const REFUSED = 1;

export function addTokenCommand(program: Command): void {
  const token = program.command('token').description('look at a token with the trust configuration of this service at hand');
  token
    .command('inspect')
    .description(
      'every check that an exchange makes of a token, with what was expected and the next step; ends with 1 where one fails',
    )
    .requiredOption('--config <file>', 'process settings (YAML)')
    .option('--client <id>', 'the client that hands it in; whoever the token itself names, unless given')
    .option(
      '--file <file>',
      'where the token is; standard input unless given: never an argument, which others on the machine can read',
    )
    .option('--json', 'print JSON instead of text')
    .action(async (options: Inspecting) => {
      const question = { token: tokenIn(options.file), clientId: options.client ?? null };
      const explanation = await withManagers(loadSettings(options.config), ({ diagnosis }, context) =>
        diagnosis.explainToken(context, question),
      );
      const lines = options.json === true ? [JSON.stringify(explanation, null, 2)] : explainedTokenLines(explanation);
      process.stdout.write(`${lines.join('\n')}\n`);
      if (!explanation.accepted) process.exitCode = REFUSED;
    });
}

/** A line break at the end is of the file, not of the token; so is what a header has before it. */
function tokenIn(file: string | undefined): string {
  const text = readFileSync(file ?? STANDARD_INPUT, 'utf8')
    .trim()
    .replace(/^(?:authorization: *)?bearer +/i, '');
  if (text !== '' && text.length <= MOST_CHARACTERS) return text;
  throw new CodedError('REQUEST_PARAMETER_INVALID', {
    field: 'token',
    actual: text === '' ? 'nothing' : `${String(text.length)} characters`,
    expected: 'one token',
  });
}
