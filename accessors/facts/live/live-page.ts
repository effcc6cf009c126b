import type { ChangeQuery, LiveKind, LiveQuery, LiveRecord, Page, Paged, Principal } from '../live-data.contract.js';
import { isStorable } from '../stores/storable.js';
import { refuseLiveData } from './live-fault.js';
import type { Listed } from './live.kind.js';
import { isRowId } from './live-record.check.js';

const LARGEST_PAGE = 1_000;

const HELD: ReadonlySet<LiveKind> = new Set(['membership', 'assignment', 'grant']);

/** What `after` of an answer looks like. */
const PLACES: Readonly<Record<LiveKind, (after: string) => boolean>> = {
  tenant: isStorable,
  group: isStorable,
  subject: isStorable,
  flag: isStorable,
  membership: isPairOfKeys,
  assignment: isRowId,
  grant: isRowId,
  subscription: isRowId,
};

/** @throws CodedError `LIVE_DATA_INVALID` */
export function checkedQuery(query: LiveQuery): LiveQuery {
  const { kind, about, after } = query;
  refuseLiveData([...pageFaults(query, PLACES[kind]), ...(about === null || isStorable(about) ? [] : ['about: is no text'])]);
  return { kind, about, after, limit: query.limit };
}

/** @throws CodedError `LIVE_DATA_INVALID` */
export function checkedChangeQuery(query: ChangeQuery): ChangeQuery {
  const named = query.about === null || isStorable(query.about.name);
  refuseLiveData([...pageFaults(query, (after) => /^[0-9]{1,18}$/u.test(after)), ...(named ? [] : ['about: is no name'])]);
  return query;
}

/** The one whose rows are asked for, where rows of this kind are somebody's. */
export function principalIn({ kind, about }: LiveQuery): Principal | null {
  const match = HELD.has(kind) ? /^(subject|group):(.+)$/su.exec(about ?? '') : null;
  return match === null ? null : { type: match[1] as Principal['type'], key: match[2] ?? '' };
}

export function paged(found: readonly Listed[], limit: number): Paged<LiveRecord> {
  const items = found.slice(0, limit);
  return { items: items.map(({ record }) => record), next: found.length > limit ? (items.at(-1)?.place ?? null) : null };
}

function pageFaults({ after, limit }: Page, isPlace: (after: string) => boolean): string[] {
  const faults: string[] = [];
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) faults.push(`limit: expected 1 to ${LARGEST_PAGE}`);
  if (after !== null && !isPlace(after)) faults.push('after: is not from an answer before');
  return faults;
}

function isPairOfKeys(text: string): boolean {
  try {
    const pair: unknown = JSON.parse(text);
    return Array.isArray(pair) && pair.length === 2 && pair.every((key) => typeof key === 'string' && isStorable(key));
  } catch {
    return false;
  }
}
