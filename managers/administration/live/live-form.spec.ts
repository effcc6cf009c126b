import { describe, expect, it } from '@jest/globals';
import type { LiveRecord } from '#accessors/facts/live-data.contract.js';
import { LIVE_KINDS, liveFormSchemas, readForm, writeForm } from './live-form.js';
import { rowsIn } from './row-files.js';

const NEW_YEAR = Date.UTC(2026, 0, 1);
const EVERY_KIND: readonly LiveRecord[] = [
  { kind: 'tenant', slug: 'acme', status: 'suspended', boundary: ['billing:**'], attributes: { plan: 'gold' } },
  { kind: 'group', key: 'fin', parents: ['staff'] },
  {
    kind: 'subject',
    key: 'ana',
    subjectKind: 'workload',
    status: 'disabled',
    identities: [{ instance: 'entra:public:t', externalId: 'o' }],
    attributes: { level: 3, tags: ['a'] },
  },
  { kind: 'membership', subject: 'ana', group: 'fin', valid: { from: NEW_YEAR, until: null } },
  {
    kind: 'assignment',
    id: 'a1',
    principal: { type: 'group', key: 'fin' },
    role: 'clerk',
    unit: 'org.emea',
    condition: { key: 'small', params: { limit: 5 } },
    valid: { from: null, until: NEW_YEAR },
    state: 'eligible',
  },
  {
    kind: 'grant',
    id: null,
    principal: { type: 'subject', key: 'a:b' },
    role: null,
    permissions: ['billing:invoice:read'],
    resource: { type: 'invoice', ids: ['i1'], path: '/emea/**' },
    unit: null,
    condition: null,
    valid: { from: null, until: null },
  },
  { kind: 'subscription', id: null, tier: 'pro', valid: { from: NEW_YEAR, until: null }, graceUntil: NEW_YEAR + 1 },
  { kind: 'flag', key: 'beta', enabled: true, rolloutPercent: 10, valid: { from: null, until: null } },
];

describe('rows of live data as people write them', () => {
  it.each(EVERY_KIND.map((record) => [record.kind, record] as const))(
    '%s: reading what was written gives the same',
    (kind, record) => {
      expect(readForm(kind, JSON.parse(JSON.stringify(writeForm(record))))).toEqual({ ok: true, record });
    },
  );

  it('covers every kind, each with a schema', () => {
    expect(EVERY_KIND.map(({ kind }) => kind).sort()).toEqual([...LIVE_KINDS].sort());
    expect(Object.keys(liveFormSchemas()).sort()).toEqual([...LIVE_KINDS].sort());
  });

  it('leaves out what is not said', () => {
    expect(readForm('assignment', { principal: 'subject:ana', role: 'clerk' })).toEqual({
      ok: true,
      record: {
        kind: 'assignment',
        id: null,
        principal: { type: 'subject', key: 'ana' },
        role: 'clerk',
        unit: null,
        condition: null,
        valid: { from: null, until: null },
        state: 'active',
      },
    });
  });

  it.each([
    ['assignment', { principal: 'ana', role: 'clerk' }, 'principal: '],
    ['assignment', { principal: 'role:x', role: 'clerk' }, 'principal: '],
    ['assignment', { principal: 'subject:ana', role: 'clerk', valid: { until: 'tomorrow' } }, 'valid.until: '],
    ['assignment', { principal: 'subject:ana', role: 'clerk', valid: { until: '2026-01-01' } }, 'valid.until: '],
    ['subject', { key: 'ana', identities: [] }, 'identities: '],
    ['flag', { key: 'beta', enabled: 'yes' }, 'enabled: '],
    ['flag', { key: 'beta', enabled: true, rolloutPercent: 101 }, 'rolloutPercent: '],
    ['group', { key: 'fin', colour: 'red' }, 'colour'],
    ['group', null, ''],
  ] as const)('says what is wrong with a %s like %j', (kind, row, expected) => {
    const read = readForm(kind, row);
    expect(read.ok).toBe(false);
    if (!read.ok) expect(read.faults.join('\n')).toContain(expected);
  });
});

describe('files of rows', () => {
  const rows = (kind: 'assignment' | 'group' | 'subject', text: string) => rowsIn(kind, { format: 'csv', text });

  it('reads CSV as spreadsheets write it: a byte-order mark, quotes, CRLF, empty cells and lines', () => {
    const text =
      '\uFEFFprincipal,role,valid.until,unit\r\nsubject:ana,"clerk, senior",2026-01-01T00:00:00Z,\r\n\r\ngroup:fin,clerk,,org.emea\r\n';
    expect(rows('assignment', text)).toMatchObject({
      ok: true,
      rows: [
        { line: 2, written: { principal: 'subject:ana', role: 'clerk, senior', valid: { until: '2026-01-01T00:00:00Z' } } },
        { line: 4, written: { principal: 'group:fin', role: 'clerk', unit: 'org.emea' } },
      ],
    });
  });

  it('reads lists with | and other values as JSON', () => {
    expect(rows('group', 'key,parents\nfin,staff|all\n')).toMatchObject({ rows: [{ written: { parents: ['staff', 'all'] } }] });
    const identities = '"[{""instance"":""i"",""externalId"":""o""}]"';
    expect(rows('subject', `key,identities\nana,${identities}\n`)).toMatchObject({
      rows: [{ written: { identities: [{ instance: 'i', externalId: 'o' }] } }],
    });
  });

  it.each([
    ['nothing', ''],
    ['an unknown column', 'key,colour\nfin,red\n'],
    ['a column twice', 'key,key\nfin,fin\n'],
    ['an open quote', 'key\n"fin\n'],
  ])('refuses %s', (_title, text) => {
    expect(rows('group', text).ok).toBe(false);
  });

  it('does not guess where a line has more or fewer cells than there are columns', () => {
    const read = rows('group', 'key,parents\nfin\n');
    expect(read.ok && readForm('group', read.rows[0]?.written).ok).toBe(false);
  });

  it('reads a JSON list, and nothing else', () => {
    expect(rowsIn('group', { format: 'json', text: '[{"key":"fin"}]' })).toEqual({
      ok: true,
      rows: [{ line: 1, written: { key: 'fin' } }],
    });
    for (const text of ['{}', '[', 'null']) expect(rowsIn('group', { format: 'json', text }).ok).toBe(false);
  });
});
