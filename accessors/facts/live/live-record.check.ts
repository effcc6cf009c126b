import type { TimeWindow } from '#utilities/time-window/contract.js';
import type { FactValue, GrantedResource, NamedCondition, UpstreamIdentity } from '../contract.js';
import type { LiveRecord } from '../live-data.contract.js';
import { isStorable } from '../stores/storable.js';
import type { RecordOf } from './live.kind.js';

const KEY = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/u;
const SLUG = /^[a-z0-9][a-z0-9_-]{0,62}$/u;
const UNIT = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/u;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;
const FURTHEST = 8_640_000_000_000_000;
const MOST = { list: 10_000, text: 1_024, unit: 512, json: 16_384, depth: 8 };

type Fault = string | false;

/** What is wrong with one record, whatever else is stored. */
export function faultsOf(record: LiveRecord): readonly string[] {
  return checks(record).filter((fault) => fault !== false);
}

/** Whether this text can be the id of a row. */
export function isRowId(text: string): boolean {
  return ID.test(text);
}

function checks(record: LiveRecord): readonly Fault[] {
  switch (record.kind) {
    case 'tenant':
      return ofTenant(record);
    case 'group':
      return [key('key', record.key), record.parents.includes(record.key) && `group ${record.key} would be inside itself`];
    case 'subject':
      return [
        key('key', record.key),
        json('attributes', record.attributes),
        ...record.identities.map(identity),
        noIdentity(record),
      ];
    case 'membership':
      return [window(record.valid)];
    case 'assignment':
      return [rowId(record.id), key('role', record.role), unit(record.unit), condition(record.condition), window(record.valid)];
    case 'grant':
      return ofGrant(record);
    case 'subscription':
      return [rowId(record.id), key('tier', record.tier), window(record.valid), moment('graceUntil', record.graceUntil)];
    case 'flag':
      return [key('key', record.key), window(record.valid), percent(record.rolloutPercent)];
  }
}

function ofTenant({ slug, boundary, attributes }: RecordOf<'tenant'>): Fault[] {
  return [
    !SLUG.test(slug) && 'slug: expected lower-case letters, digits, _ and -, at most 63 characters',
    json('attributes', attributes),
    ...texts('boundary', boundary ?? []),
  ];
}

function ofGrant(record: RecordOf<'grant'>): Fault[] {
  const { role, permissions } = record;
  return [
    rowId(record.id),
    (role === null) === (permissions.length === 0) && 'expected either a role or permissions',
    role !== null && key('role', role),
    ...texts('permissions', permissions),
    ...resource(record.resource),
    unit(record.unit),
    condition(record.condition),
    window(record.valid),
  ];
}

function resource({ type, ids, path }: GrantedResource): Fault[] {
  return [
    ...texts('resource.type', [type]),
    ...texts('resource.ids', ids ?? []),
    ...texts('resource.path', path === null ? [] : [path]),
  ];
}

function key(member: string, text: string): Fault {
  return !KEY.test(text) && `${member}: expected letters, digits, . _ @ - and at most 128 characters`;
}

function rowId(id: string | null): Fault {
  return id !== null && !ID.test(id) && `id: there is no ${id}`;
}

function unit(text: string | null): Fault {
  return (
    text !== null && (text.length > MOST.unit || !UNIT.test(text)) && 'unit: expected segments joined by dots, such as org.emea'
  );
}

function condition(named: NamedCondition | null): Fault {
  if (named === null) return false;
  return key('condition.key', named.key) || json('condition.params', named.params);
}

function identity({ instance, externalId }: UpstreamIdentity): Fault {
  const good = [instance, externalId].every((text) => isText(text) && !/\p{Cc}/u.test(text));
  return !good && `identities: expected 1 to ${MOST.text} characters without control characters`;
}

function noIdentity({ key: name, identities }: RecordOf<'subject'>): Fault {
  return identities.length === 0 && `subject ${name} has no identity`;
}

function texts(member: string, list: readonly string[]): Fault[] {
  if (list.length > MOST.list) return [`${member}: expected at most ${MOST.list}`];
  return list.map((text) => !isText(text) && `${member}: expected 1 to ${MOST.text} characters`);
}

function isText(text: string): boolean {
  return text !== '' && text.length <= MOST.text && isStorable(text);
}

function window({ from, until }: TimeWindow): Fault {
  const fault = moment('valid.from', from) || moment('valid.until', until);
  return fault || (from !== null && until !== null && from >= until && 'valid: it ends before it begins');
}

function moment(member: string, at: number | null): Fault {
  return at !== null && !(Number.isInteger(at) && Math.abs(at) <= FURTHEST) && `${member}: expected Unix milliseconds`;
}

function percent(value: number): Fault {
  return !(Number.isInteger(value) && value >= 0 && value <= 100) && 'rolloutPercent: expected 0 to 100';
}

function json(member: string, value: FactValue): Fault {
  if (!isPlain(value, 0)) return `${member}: expected JSON, at most ${MOST.depth} levels deep`;
  return JSON.stringify(value).length > MOST.json && `${member}: expected at most ${MOST.json} characters of JSON`;
}

function isPlain(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || depth >= MOST.depth) return false;
  return Object.entries(value).every(([name, member]) => name !== '__proto__' && isStorable(name) && isPlain(member, depth + 1));
}
