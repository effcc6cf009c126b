import type { AuditRecordView, AuditVerdict } from '#managers/administration/audit-administration.contract.js';

type ChainFault = AuditVerdict['chainFaults'][number];

const SAID: Readonly<Record<ChainFault['kind'], string>> = {
  deleted: 'records are missing',
  altered: 'a record is not what was written',
  reordered: 'records have changed places',
  inserted: 'two records claim one place',
  misplaced: 'a record claims a place that no record has',
  cut: 'the end is missing, which a checkpoint has',
  rewritten: 'one of these records was changed and the chain computed anew',
  unchained: 'a record is in no chain',
  unsealed: 'a record should be in a checkpoint and is in none',
  erased: 'records were blanked that no record of an erasure accounts for',
};

/** One line a record, for people. */
export function recordLine(record: AuditRecordView): string {
  const erased = record.erased ? ['(erased)'] : [];
  return [time(record.at), record.outcome, ...toldOf(record), record.diagnosticId, ...erased].join('  ');
}

function toldOf(record: AuditRecordView): readonly string[] {
  const { outcome, code, what, actor, audience, detail, transport } = record;
  if (outcome === 'changed') return [actor ?? transport, joined(what, detail)];
  const who = joined(record.clientId ?? '-', record.subject ?? '-');
  return [who, outcome === 'issued' ? joined(audience) : joined(code, detail)];
}

function joined(...words: readonly (string | null)[]): string {
  return words.filter((word) => word !== null).join(' ');
}

export function verdictLines(verdict: AuditVerdict): readonly string[] {
  const { records, chains, checkpoints, outside, newest } = verdict;
  return [
    `${String(records)} records in ${String(chains)} chains, ${String(checkpoints)} checkpoints`,
    newest === null ? 'no checkpoint yet' : `newest checkpoint: ${String(newest.number)}, ${time(newest.at)}`,
    outside === null
      ? 'outside of the database: none'
      : `outside of the database: up to ${String(outside.number)}, ${time(outside.at)}`,
    ...erasedLines(verdict.erased),
    ...verdict.warnings.map((warning) => `warning: ${warning}`),
    ...verdict.checkpointFaults.map(({ kind, number, because }) => `FAULT ${kind}: checkpoint ${String(number)}: ${because}`),
    ...verdict.chainFaults.map(faultLine),
    ...(verdict.stale === null ? [] : [staleLine(verdict.stale)]),
    verdict.whole ? 'whole: nothing was deleted, altered, reordered or cut' : 'NOT whole',
  ];
}

/** Chains that are named one by one. */
const MOST_CHAINS = 20;

function erasedLines({ inChains, accountedFor }: AuditVerdict['erased']): readonly string[] {
  if (inChains.length === 0 && accountedFor === 0) return [];
  const sum = inChains.reduce((all, { records }) => all + records, 0);
  const named = inChains
    .slice(0, MOST_CHAINS)
    .map(({ chain, records }) => `  ${String(records)} in ${chain === null ? 'no chain' : `chain ${chain}`}`);
  const more = inChains.length > MOST_CHAINS ? [`  and in ${String(inChains.length - MOST_CHAINS)} more chains`] : [];
  return [`erased: ${String(sum)} records; records of erasures account for ${String(accountedFor)}`, ...named, ...more];
}

function staleLine({ records, oldestAt, checkpointAt, allowedSeconds }: NonNullable<AuditVerdict['stale']>): string {
  const newest = checkpointAt === null ? 'there is no checkpoint' : `the newest checkpoint is of ${time(checkpointAt)}`;
  const waiting = `${String(records)} ${records === 1 ? 'record is' : 'records are'} in none, the oldest of ${time(oldestAt)}`;
  const due = `a record is in one within 10 s (${String(allowedSeconds)} s are allowed here)`;
  return `STALE: ${newest}, and ${waiting}; ${due}: look for audit.seal_failed in the log of the service`;
}

function faultLine({ kind, chain, sequence, count, recordId, at }: ChainFault): string {
  const last = (sequence ?? 0) + count - 1;
  if (kind === 'erased') return `FAULT ${kind}: ${String(count)} ${SAID[kind]}`;
  const place = chain === null ? '' : ` chain ${chain}, ${count === 1 ? 'record' : 'records'} ${range(sequence, last)}:`;
  const near = recordId === null ? '' : ` (at or after record ${recordId}, ${at === null ? '' : time(at)})`;
  return `FAULT ${kind}:${place} ${SAID[kind]}${near}`;
}

function range(first: number | null, last: number): string {
  return first === last || first === null ? String(last) : `${String(first)} to ${String(last)}`;
}

/** UTC, to the millisecond. */
function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
