import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type {
  AuditAdministration,
  AuditCursor,
  AuditPage,
  AuditRecordView,
} from '#managers/administration/audit-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { withManagers } from '../host.js';
import { SystemClock } from '../operator-tools.js';
import { recordLine, verdictLines } from './audit.lines.js';
import { ocsfEvent } from './audit.ocsf.js';
import { countOf, queryOf, type SearchOptions, withSearchOptions } from './audit.options.js';
import { loadSettings } from './load-settings.js';

interface Common {
  readonly config: string;
  readonly json?: true;
}

const clock = new SystemClock();
const PAGE = 1_000;
const FOLLOW_EVERY_MS = 1_000;
/** Records of several processes become visible in no order; so far back, those that came late are looked for. */
const LATE_MS = 10_000;
/** Neither success nor a failure of the command itself. */
const NOT_WHOLE = 2;

/** The audit trail for people and for collectors: docs/operating/audit.md. */
export function addAuditCommand(program: Command, version: string): void {
  const audit = program.command('audit').description('read, export and verify the audit trail; erase a subject from it');
  addTail(audit);
  addSearch(audit);
  addVerify(audit);
  addExport(audit, version);
  addErase(audit);
}

function addTail(audit: Command): void {
  withSearchOptions(reading(audit, 'tail'), () => clock.now())
    .description('the newest records, and with --follow those that come')
    .option('--lines <number>', 'how many', countOf, 20)
    .option('--follow', 'go on until interrupted')
    .action((options: Common & SearchOptions & { lines: number; follow?: true }) =>
      driven(options, async (administration, context) => {
        const query = queryOf(options);
        const newest = await administration.records(context, query, { order: 'newest', after: null, limit: options.lines });
        const records = [...newest].reverse();
        for (const record of records) print(options, record);
        if (options.follow === true) await follow(records, (after) => administration.records(context, query, after), options);
      }),
    );
}

function addSearch(audit: Command): void {
  withSearchOptions(reading(audit, 'search'), () => clock.now())
    .description('records that fit all that is named, newest first')
    .option('--limit <number>', 'at most so many', countOf, 100)
    .action((options: Common & SearchOptions & { limit: number }) =>
      driven(options, async (administration, context) => {
        const page: AuditPage = { order: 'newest', after: null, limit: options.limit };
        for (const record of await administration.records(context, queryOf(options), page)) print(options, record);
      }),
    );
}

function addVerify(audit: Command): void {
  reading(audit, 'verify')
    .description('compare every record with its chain and every chain with the checkpoints; exits with 2 if something is wrong')
    .option('--anchor <files...>', 'files of checkpoints kept outside, beside the configured one', [])
    .action((options: Common & { anchor: readonly string[] }) =>
      driven(options, async (administration, context) => {
        const verdict = await administration.verify(context, {
          anchors: options.anchor,
          progress: ({ checkpoints, records }) => progress(`${String(checkpoints)} checkpoints, ${String(records)} records`),
        });
        process.stdout.write(`${options.json === true ? JSON.stringify(verdict, null, 2) : verdictLines(verdict).join('\n')}\n`);
        if (!verdict.whole) process.exitCode = NOT_WHOLE;
      }),
    );
}

function addExport(audit: Command, version: string): void {
  withSearchOptions(reading(audit, 'export'), () => clock.now())
    .description('every record that fits, oldest first, one JSON object a line')
    .option('--ocsf', 'as events of the Open Cybersecurity Schema Framework')
    .option('--output <file>', 'into a file, which must not be there; else to standard output')
    .action((options: Common & SearchOptions & { ocsf?: true; output?: string }) =>
      driven(options, async (administration, context) => {
        const textOf = (record: AuditRecordView): object => (options.ocsf === true ? ocsfEvent(record, version) : record);
        const out: Writable =
          options.output === undefined ? process.stdout : createWriteStream(options.output, { flags: 'wx', mode: 0o600 });
        let count = 0;
        for await (const record of every((after) =>
          administration.records(context, queryOf(options), { order: 'oldest', after, limit: PAGE }),
        )) {
          count += 1;
          if (!out.write(`${JSON.stringify(textOf(record))}\n`)) await once(out, 'drain');
          if (count % PAGE === 0) progress(`${String(count)} records`);
        }
        if (options.output !== undefined) await finished(out.end());
        process.stderr.write(`countersign: ${String(count)} records\n`);
      }),
    );
}

function addErase(audit: Command): void {
  reading(audit, 'erase')
    .description(
      'take away what points to a subject in every record about it; chains go on verifying, and the erasure is recorded',
    )
    .requiredOption('--subject <sub>', 'sub, as it stands in tokens and records')
    .requiredOption('--reason <text>', 'for the record of the erasure; do not name the subject')
    .action((options: Common & { subject: string; reason: string }) =>
      driven(options, async (administration, context) => {
        const erased = await administration.erase(context, { subject: options.subject, reason: options.reason });
        process.stdout.write(`countersign: ${String(erased)} records no longer point to the subject\n`);
      }),
    );
}

function reading(audit: Command, name: string): Command {
  return audit
    .command(name)
    .requiredOption('--config <file>', 'process settings (YAML)')
    .option('--json', 'print JSON instead of text');
}

function driven(
  options: Common,
  work: (administration: AuditAdministration, context: CallContext) => Promise<void>,
): Promise<void> {
  return withManagers(loadSettings(options.config), ({ auditAdministration }, context) => work(auditAdministration, context));
}

async function follow(
  shown: readonly AuditRecordView[],
  page: (after: AuditPage) => ReturnType<AuditAdministration['records']>,
  options: Common,
): Promise<never> {
  const seen = new Map(shown.map(({ id, at }) => [id, at]));
  for (let newest = shown.at(-1)?.at ?? clock.now(); ;) {
    await sleep(FOLLOW_EVERY_MS);
    const after: AuditCursor = { at: newest - LATE_MS, id: '00000000-0000-0000-0000-000000000000' };
    for (const record of await page({ order: 'oldest', after, limit: PAGE })) {
      if (!seen.has(record.id)) print(options, record);
      seen.set(record.id, record.at);
      newest = Math.max(newest, record.at);
    }
    for (const [id, at] of seen) if (at < newest - 2 * LATE_MS) seen.delete(id);
  }
}

async function* every(
  page: (after: AuditCursor | null) => ReturnType<AuditAdministration['records']>,
): AsyncGenerator<AuditRecordView> {
  for (let after: AuditCursor | null = null; ;) {
    const records = await page(after);
    yield* records;
    const last = records.at(-1);
    if (last === undefined || records.length < PAGE) return;
    after = { at: last.at, id: last.id };
  }
}

function print(options: Common, record: AuditRecordView): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(record) : recordLine(record)}\n`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}`);
}
