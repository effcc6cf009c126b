import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import type { LiveAdministration, LiveRow } from '#managers/administration/live-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { withManagers } from '../host.js';
import { readRef, ROW_PATHS } from '../live-data.requests.js';
import { changeLines, changeLogLines, importLines, rowLines } from './data.lines.js';
import { loadSettings } from './load-settings.js';

type Kind = (typeof ROW_PATHS)[keyof typeof ROW_PATHS];

interface Common {
  readonly config: string;
  readonly tenant: string;
  readonly json?: true;
}

interface Writing extends Common {
  readonly validateOnly?: true;
}

const KINDS: readonly Kind[] = Object.values(ROW_PATHS);
const PAGE = 1_000;

/** Live data for people: rows of each kind, listed, changed, imported. */
export function addDataCommand(program: Command): void {
  const data = program
    .command('data')
    .description('tenants, subjects, groups, memberships, assignments, grants, subscriptions, flags');
  addReading(data);
  addWriting(data);
  addImport(data);
}

function addReading(data: Command): void {
  common(data.command('list <kind>'))
    .description('every row of one kind')
    .option('--about <text>', 'subject:KEY or group:KEY: what this one has; or how the names begin')
    .action(async (kind: string, options: Common & { about?: string }) => {
      const rows = await driven(options, (administration, context) =>
        all((after) =>
          administration.list(context, options.tenant, { kind: kindOf(kind), about: options.about ?? null, after, limit: PAGE }),
        ),
      );
      print(options, rows, rowLines(rows));
    });
  common(data.command('get <kind> <name>'))
    .description('one row; memberships are named SUBJECT/GROUP')
    .action(async (kind: string, name: string, options: Common) => {
      const row = await driven(options, (administration, context) =>
        administration.get(context, options.tenant, { kind: kindOf(kind), name }),
      );
      print(options, row, rowLines([row]));
    });
  common(data.command('changes'))
    .description('who changed what, newest first')
    .option('--about <row>', 'of one row: subject:ana')
    .option('--limit <number>', 'at most so many', limitOf, 50)
    .action(async (options: Common & { about?: string; limit: number }) => {
      const about = readRef(options.about ?? null);
      const { items } = await driven(options, (administration, context) =>
        administration.changes(context, options.tenant, { about, after: null, limit: options.limit }),
      );
      print(options, items, changeLogLines(items));
    });
}

function addWriting(data: Command): void {
  writing(data.command('put <kind> <row>'))
    .description("bring a row to this state, made where it is new: data put subject '{key: ana, identities: […]}'")
    .action(async (kind: string, row: string, options: Writing) => {
      const order = { records: [{ kind: kindOf(kind), row: recordOf(row) }], validateOnly: options.validateOnly === true };
      const report = await driven(options, (administration, context) => administration.put(context, options.tenant, order));
      print(options, report, changeLines(report));
    });
  writing(data.command('change <row> <members>'))
    .description("change some members of a row: data change subject:ana '{status: disabled}'")
    .action(async (row: string, members: string, options: Writing) => {
      const order = { ref: refOf(row), members: recordOf(members), validateOnly: options.validateOnly === true };
      const report = await driven(options, (administration, context) => administration.patch(context, options.tenant, order));
      print(options, report, changeLines(report));
    });
  writing(data.command('remove <kind> <names...>'))
    .description('take rows away, all or none of them')
    .action(async (kind: string, names: readonly string[], options: Writing) => {
      const order = { refs: names.map((name) => ({ kind: kindOf(kind), name })), validateOnly: options.validateOnly === true };
      const report = await driven(options, (administration, context) => administration.remove(context, options.tenant, order));
      print(options, report, changeLines(report));
    });
}

function addImport(data: Command): void {
  common(data.command('import <kind> <file>'))
    .description('bring the rows of a CSV or JSON file about, all or nothing; what it does not name is left alone')
    .option('--dry-run', 'say what would be done and do nothing')
    .action(async (kind: string, file: string, options: Common & { dryRun?: true }) => {
      const rows = {
        kind: kindOf(kind),
        format: file.toLowerCase().endsWith('.csv') ? ('csv' as const) : ('json' as const),
        text: readFileSync(file, 'utf8'),
        validateOnly: options.dryRun === true,
        progress: ({ done, total }: { readonly done: number; readonly total: number }) => {
          if (process.stderr.isTTY)
            process.stderr.write(`\r${String(done)} of ${String(total)} rows${done === total ? '\n' : ''}`);
        },
      };
      const report = await driven(options, (administration, context) => administration.importRows(context, options.tenant, rows));
      print(options, report, importLines(report, options.dryRun === true));
    });
}

function common(command: Command): Command {
  return command
    .requiredOption('--config <file>', 'process settings (YAML)')
    .requiredOption('--tenant <slug>', 'the tenant')
    .option('--json', 'print JSON instead of text');
}

function writing(command: Command): Command {
  return common(command).option('--validate-only', 'say what would be done and do nothing');
}

function driven<Result>(
  options: Common,
  work: (administration: LiveAdministration, context: CallContext) => Promise<Result>,
): Promise<Result> {
  return withManagers(loadSettings(options.config), ({ liveAdministration }, context) => work(liveAdministration, context));
}

async function all(page: (after: string | null) => ReturnType<LiveAdministration['list']>): Promise<readonly LiveRow[]> {
  const rows: LiveRow[] = [];
  for (let after: string | null = null; ;) {
    const { items, next } = await page(after);
    rows.push(...items);
    if (next === null) return rows;
    after = next;
  }
}

function print(options: Common, value: unknown, lines: readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`);
}

function kindOf(text: string): Kind {
  const kind = KINDS.find((each) => each === text || `${each}s` === text);
  if (kind === undefined) {
    throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'kind', actual: text, expected: KINDS.join(', ') });
  }
  return kind;
}

function refOf(text: string): NonNullable<ReturnType<typeof readRef>> {
  const ref = readRef(text);
  if (ref === null) throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'row', expected: 'KIND:NAME' });
  return ref;
}

function recordOf(text: string): LiveRow {
  const value: unknown = parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.fromEntries(Object.entries(value));
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'row', expected: 'a record: {name: value}' });
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE) return limit;
  throw new InvalidArgumentError('expected 1 to 1000');
}
