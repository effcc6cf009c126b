import type {
  BulkReport,
  LiveAdministration,
  LiveChangeReport,
  LiveRow,
} from '#managers/administration/live-administration.contract.js';

type LogEntry = Awaited<ReturnType<LiveAdministration['changes']>>['items'][number];
type Change = LiveChangeReport['changes'][number];

/** One row a line, as it would be written to bring it about. */
export function rowLines(rows: readonly LiveRow[]): readonly string[] {
  return rows.length === 0 ? ['there are none'] : rows.map((row) => JSON.stringify(said(row)));
}

export function changeLines({ changes, consistencyToken }: LiveChangeReport): readonly string[] {
  return [...changes.map(changeLine), ...(consistencyToken === null ? [] : [`consistency token: ${consistencyToken}`])];
}

export function changeLogLines(entries: readonly LogEntry[]): readonly string[] {
  if (entries.length === 0) return ['nothing was changed'];
  return entries.map(
    ({ number, at, by, change }) => `${String(number)}  ${new Date(at).toISOString()}  ${by}  ${changeLine(change)}`,
  );
}

export function importLines({ counts, changes }: BulkReport, dryRun: boolean): readonly string[] {
  const { created, updated, unchanged } = counts;
  const sum = `${String(created)} created, ${String(updated)} updated, ${String(unchanged)} unchanged`;
  if (!dryRun) return [sum];
  return [...changes.map(changeLine), `${sum}: nothing was written, this was a dry run`];
}

function changeLine({ ref, outcome, before, after }: Change): string {
  const what = `${outcome.padEnd(9)} ${ref.kind} ${ref.name}`;
  if (outcome !== 'updated' || before === null || after === null) return what;
  const was = new Map<string, unknown>(Object.entries(before));
  const moved = Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was.get(name)));
  return `${what}: ${moved.map(([name, value]) => `${name} ${JSON.stringify(was.get(name))} → ${JSON.stringify(value)}`).join(', ')}`;
}

/** Without what was never said. */
function said(row: LiveRow): LiveRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && JSON.stringify(value) !== '{}'));
}
