import type { LiveKind, LiveRecord, Principal } from '../live-data.contract.js';
import type { RecordOf } from './live.kind.js';

/** The one way to say it, so that what means the same is stored and compared as the same: lists whose order does not count are sorted. */
export function inOneForm(record: LiveRecord): LiveRecord {
  const plain = JSON.parse(JSON.stringify(record)) as LiveRecord;
  switch (plain.kind) {
    case 'tenant':
      return { ...plain, boundary: plain.boundary && sorted(plain.boundary) };
    case 'group':
      return { ...plain, parents: sorted(plain.parents) };
    case 'grant': {
      const { type, ids, path } = plain.resource;
      return { ...plain, permissions: sorted(plain.permissions), resource: { type, ids: ids && sorted(ids), path } };
    }
    default:
      return plain;
  }
}

/** Subjects and groups that have to be there for this record. */
export function principalsOf(record: LiveRecord): readonly Principal[] {
  switch (record.kind) {
    case 'group':
      return record.parents.map((key) => ({ type: 'group', key }));
    case 'membership':
      return [
        { type: 'subject', key: record.subject },
        { type: 'group', key: record.group },
      ];
    case 'assignment':
    case 'grant':
      return [record.principal];
    default:
      return [];
  }
}

export function isOf<Kind extends LiveKind>(record: LiveRecord, kind: Kind): record is RecordOf<Kind> {
  return record.kind === kind;
}

/** The same text for values that say the same, in whatever order their members are. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

function sorted(list: readonly string[]): readonly string[] {
  return [...new Set(list)].sort();
}
