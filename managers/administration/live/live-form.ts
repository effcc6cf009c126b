import { z } from 'zod';
import type { LiveKind, LiveRecord } from '#accessors/facts/live-data.contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';

/** Rows as people write them: times as RFC 3339, principals as `subject:KEY`, and what is not said left out. */
const key = z.string().min(1).max(128);
const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const window = z
  .strictObject({ from: moment.nullable().default(null), until: moment.nullable().default(null) })
  .default({ from: null, until: null });
const values = z.record(z.string(), z.json()).default({});
const unit = z.string().nullable().default(null);
const condition = z.strictObject({ key, params: values }).nullable().default(null);
const texts = z.array(z.string()).default([]);
const id = z.string().nullable().default(null);
const principal = z
  .templateLiteral([z.enum(['subject', 'group']), ':', z.string()], 'expected subject:KEY or group:KEY')
  .transform((text) => ({
    type: text.startsWith('subject:') ? ('subject' as const) : ('group' as const),
    key: text.slice(text.indexOf(':') + 1),
  }));
const resource = z.strictObject({ type: key, ids: z.array(z.string()).nullable().default(null), path: unit });

const FORMS = {
  tenant: z.strictObject({
    slug: key,
    status: z.enum(['active', 'suspended']).default('active'),
    boundary: z.array(z.string()).nullable().default(null),
    attributes: values,
  }),
  group: z.strictObject({ key, parents: texts }),
  subject: z.strictObject({
    key,
    kind: z.enum(['user', 'workload', 'agent']).default('user'),
    status: z.enum(['active', 'disabled']).default('active'),
    identities: z.array(z.strictObject({ instance: z.string(), externalId: z.string() })).min(1),
    attributes: values,
  }),
  membership: z.strictObject({ subject: key, group: key, valid: window }),
  assignment: z.strictObject({
    id,
    principal,
    role: key,
    unit,
    condition,
    valid: window,
    state: z.enum(['active', 'eligible', 'revoked']).default('active'),
  }),
  grant: z.strictObject({
    id,
    principal,
    role: key.nullable().default(null),
    permissions: texts,
    resource,
    unit,
    condition,
    valid: window,
  }),
  subscription: z.strictObject({ id, tier: key, valid: window, graceUntil: moment.nullable().default(null) }),
  flag: z.strictObject({ key, enabled: z.boolean(), rolloutPercent: z.int().min(0).max(100).default(100), valid: window }),
} satisfies Record<LiveKind, z.ZodType>;

export const LIVE_KINDS = Object.keys(FORMS) as readonly LiveKind[];

export type Written = Readonly<Record<string, unknown>>;

export type FormReading =
  { readonly ok: true; readonly record: LiveRecord } | { readonly ok: false; readonly faults: readonly string[] };

/** Reads one row as it was written; any value. */
export function readForm(kind: LiveKind, written: unknown): FormReading {
  const read = FORMS[kind].safeParse(written);
  if (!read.success) return { ok: false, faults: read.error.issues.map(({ path, message }) => `${pathText(path)}${message}`) };
  return { ok: true, record: recordOf(kind, read.data) };
}

/** The same row again as people write it; reading it gives the same record. */
export function writeForm(record: LiveRecord): Written {
  const { kind, ...members } = record;
  if (kind === 'subject') {
    const { subjectKind, ...rest } = members as Omit<Extract<LiveRecord, { kind: 'subject' }>, 'kind'>;
    return { ...rest, kind: subjectKind };
  }
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, writtenMember(name, value)]));
}

/** Names of the columns of a CSV file, each with the member that it is. */
export function columnsOf(kind: LiveKind): readonly string[] {
  return Object.keys(FORMS[kind].shape);
}

/** JSON Schema of one row of each kind, for documentation and editors. */
export function liveFormSchemas(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    LIVE_KINDS.map((kind) => [kind, z.toJSONSchema(FORMS[kind], { io: 'input', unrepresentable: 'any' })]),
  );
}

function recordOf(kind: LiveKind, read: object): LiveRecord {
  const { kind: subjectKind, ...rest } = read as Readonly<Record<string, unknown>>;
  const members = kind === 'subject' ? { ...rest, subjectKind } : read;
  return { kind, ...members } as LiveRecord;
}

function writtenMember(name: string, value: unknown): unknown {
  if (name === 'valid') return writtenWindow(value as TimeWindow);
  if (name === 'graceUntil' && typeof value === 'number') return new Date(value).toISOString();
  if (name === 'principal') {
    const { type, key: named } = value as { readonly type: string; readonly key: string };
    return `${type}:${named}`;
  }
  return value;
}

function writtenWindow({ from, until }: TimeWindow): Written {
  const text = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return { from: text(from), until: text(until) };
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `;
}
