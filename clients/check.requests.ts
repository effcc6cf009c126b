import { z } from 'zod';
import type { CheckRequest, CheckSubject } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** As `CheckRequest`, without what is asked: for questions about everything. */
export type EffectiveRequest = Omit<CheckRequest, 'items' | 'explain'>;

type Attributes = CheckRequest['context'];

/** Values as they came; what they may be like is checked where they are used. */
const ATTRIBUTES = z.custom<Attributes>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);
const NAME = z.string().min(1).max(512);
const UNIT = z
  .string()
  .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, 'expected segments of a-z, 0-9, _ and - with dots between')
  .max(256);

const RESOURCE = z.strictObject({
  type: z.string().min(1).max(128),
  id: NAME.optional(),
  unit: UNIT.optional(),
  path: z.string().startsWith('/').max(1024).optional(),
  attributes: ATTRIBUTES.optional(),
});

const ITEM = z.strictObject({ permission: z.string().min(1).max(128), resource: RESOURCE.optional() });

const SUBJECT = z.union([
  z.strictObject({ key: NAME }),
  z.strictObject({ identity: z.strictObject({ instance: NAME, external_id: NAME }) }),
]);

const CIRCUMSTANCES = {
  subject_token: z.string().min(1).max(16_384).optional(),
  subject: SUBJECT.optional(),
  audience: NAME.optional(),
  tenant: NAME.optional(),
  unit: UNIT.optional(),
  context: ATTRIBUTES.optional(),
  at_least_as_fresh: NAME.optional(),
};

const EFFECTIVE = z.strictObject(CIRCUMSTANCES);
const CHECK = z.strictObject({
  ...CIRCUMSTANCES,
  items: z.array(ITEM).min(1).max(100),
  explain: z.boolean().default(false),
});

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readCheck(body: unknown): CheckRequest {
  const read = parse(CHECK, body);
  const items = read.items.map(({ permission, resource }) => ({
    permission,
    resource: resource === undefined ? null : resourceOf(resource),
  }));
  return { ...circumstancesOf(read), items, explain: read.explain };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readEffective(body: unknown): EffectiveRequest {
  return circumstancesOf(parse(EFFECTIVE, body));
}

function circumstancesOf(read: z.infer<typeof EFFECTIVE>): EffectiveRequest {
  return {
    subject: subjectOf(read),
    audience: read.audience,
    tenant: read.tenant,
    unit: read.unit ?? null,
    context: read.context ?? {},
    atLeastAsFresh: read.at_least_as_fresh,
  };
}

function subjectOf({ subject_token: token, subject, tenant }: z.infer<typeof EFFECTIVE>): CheckSubject {
  if ((token === undefined) === (subject === undefined)) throw invalid('subject', 'exactly one of subject_token and subject');
  if (token !== undefined) return { by: 'token', token };
  if (tenant === undefined) throw invalid('tenant', 'the slug of the tenant, with a subject by name');
  if (subject !== undefined && 'key' in subject) return { by: 'key', tenant, key: subject.key };
  const { instance = '', external_id: externalId = '' } = subject?.identity ?? {};
  return { by: 'identity', tenant, instance, externalId };
}

function resourceOf({ type, id, unit, path, attributes }: z.infer<typeof RESOURCE>): CheckRequest['items'][number]['resource'] {
  return { type, id: id ?? null, unit: unit ?? null, path: path ?? null, attributes: attributes ?? {} };
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // SECURITY: paths and what was expected, never a value: a token is among them.
  throw invalid('body', parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

function invalid(field: string, expected: string): CodedError {
  return new CodedError('REQUEST_PARAMETER_INVALID', { field, expected });
}
