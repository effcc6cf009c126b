import { z } from 'zod';
import type { LiveQuery, LiveRef } from '#accessors/facts/live-data.contract.js';
import type { LivePatchOrder, LivePutOrder, LiveRemoveOrder } from '#managers/administration/live-administration.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** Path segment of each kind of row. */
export const ROW_PATHS = {
  tenants: 'tenant',
  groups: 'group',
  subjects: 'subject',
  memberships: 'membership',
  assignments: 'assignment',
  grants: 'grant',
  subscriptions: 'subscription',
  flags: 'flag',
} as const satisfies Record<string, LiveRef['kind']>;

const MOST_ITEMS = 1_000;
const USUAL_ITEMS = 100;

const validateOnly = z.boolean().default(false);
const PUT = z.strictObject({ rows: z.array(z.unknown()).min(1).max(MOST_ITEMS), validateOnly });
const PATCH = z.strictObject({ members: z.record(z.string(), z.unknown()), validateOnly });
const REMOVE = z.strictObject({ names: z.array(z.string().min(1)).min(1).max(MOST_ITEMS), validateOnly });
const LISTING = z.object({
  about: z.string().max(300).optional(),
  after: z.string().max(1_000).optional(),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(USUAL_ITEMS),
});

/** @throws CodedError `REQUEST_NOT_FOUND` */
export function kindAt(segment: string): LiveRef['kind'] {
  const found = Object.entries(ROW_PATHS).find(([path]) => path === segment);
  if (found === undefined) throw new CodedError('REQUEST_NOT_FOUND', { expected: Object.keys(ROW_PATHS).join(', ') });
  return found[1];
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readPut(kind: LiveRef['kind'], body: unknown): LivePutOrder {
  const { rows, validateOnly: only } = read(PUT, body, 'body');
  return { records: rows.map((row) => ({ kind, row })), validateOnly: only };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readPatch(ref: LiveRef, body: unknown): LivePatchOrder {
  return { ref, ...read(PATCH, body, 'body') };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readRemove(kind: LiveRef['kind'], body: unknown): LiveRemoveOrder {
  const { names, validateOnly: only } = read(REMOVE, body, 'body');
  return { refs: names.map((name) => ({ kind, name })), validateOnly: only };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readListing(query: unknown): Omit<LiveQuery, 'kind'> {
  const { about, after, limit } = read(LISTING, query, 'query');
  return { about: about ?? null, after: after ?? null, limit };
}

/** `subject:ana`, as lists of changes are narrowed. @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readRef(text: string | null): LiveRef | null {
  if (text === null) return null;
  const [kind = '', ...rest] = text.split(':');
  const known = Object.values(ROW_PATHS).find((each) => each === kind);
  if (known === undefined || rest.length === 0) {
    throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'about', expected: 'KIND:NAME, such as subject:ana' });
  }
  return { kind: known, name: rest.join(':') };
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown, field: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field, expected: z.prettifyError(parsed.error) });
}
