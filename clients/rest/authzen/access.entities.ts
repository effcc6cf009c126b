import { z } from 'zod';
import type { AccessQuestion, SubjectQuery } from '#managers/authorization/access-search.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** Members of an object as they came; what they may be like is checked where they are used. */
export type Circumstances = AccessQuestion['context'];

interface Entity {
  readonly properties?: Circumstances | undefined;
}

const KINDS: ReadonlyMap<string, SubjectQuery['kind']> = new Map([
  ['user', 'user'],
  ['service', 'workload'],
  ['agent', 'agent'],
]);
const TYPES = new Map([...KINDS].map(([type, kind]) => [kind, type]));

/** Members of `properties` and `context` that are ours, and what they have to be like. */
const OURS = {
  text: z.string().min(1).max(512),
  token: z.string().min(1).max(16_384),
  unit: z
    .string()
    .max(256)
    .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/),
  path: z.string().max(1024).startsWith('/'),
};

export function kindOf(type: string): SubjectQuery['kind'] {
  return KINDS.get(type) ?? 'none';
}

/** Nothing that is registered is of no type. */
export function typeOf(kind: SubjectQuery['kind']): string {
  return TYPES.get(kind) ?? '';
}

/**
 * Who is meant. By the administrator's key; with `properties.instance` by its id at that identity provider; with `properties.token`
 * by a token, whose `sub` the id has to be: nobody is answered about under another's name.
 *
 * @throws CodedError `REQUEST_PARAMETER_INVALID`
 */
export function subjectOf(
  { type, id, properties = {} }: Entity & { readonly type: string; readonly id: string },
  tenant: string | null,
): AccessQuestion['subject'] {
  const kind = kindOf(type);
  const token = member(properties, 'token', 'subject.properties');
  if (token !== undefined) {
    if (subjectIn(token) !== id) throw invalid('subject.id', 'sub of the token');
    return { by: 'token', token, kind };
  }
  if (tenant === null) throw invalid('context.tenant', 'the slug of the tenant');
  const instance = member(properties, 'instance', 'subject.properties');
  if (instance !== undefined) return { by: 'identity', tenant, instance, externalId: id, kind };
  return { by: 'key', tenant, key: id, kind };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function resourceOf({
  type,
  id,
  properties = {},
}: Entity & { readonly type: string; readonly id?: string }): AccessQuestion['resource'] {
  const unit = member(properties, 'unit', 'resource.properties') ?? null;
  const path = member(properties, 'path', 'resource.properties') ?? null;
  return { type, id: id ?? null, unit, path, attributes: properties };
}

/** What of the context is about the question itself. @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function circumstancesOf(context: Circumstances = {}): Pick<AccessQuestion, 'audience' | 'atLeastAsFresh'> & {
  readonly tenant: string | null;
} {
  return {
    tenant: member(context, 'tenant', 'context') ?? null,
    audience: member(context, 'audience', 'context'),
    atLeastAsFresh: member(context, 'at_least_as_fresh', 'context'),
  };
}

/**
 * What conditions read as `context.*`: what was sent, and what the asker says of subject and action as `context.subject` and
 * `context.action`. SECURITY: never as `subject.*`, which is what we know ourselves.
 */
export function contextOf({
  context = {},
  subject = {},
  action = {},
}: {
  readonly context?: Circumstances | undefined;
  readonly subject?: Entity;
  readonly action?: Entity;
}): Circumstances {
  const { token: _token, instance: _instance, ...said } = subject.properties ?? {};
  const about = {
    ...(isEmpty(said) ? {} : { subject: said }),
    ...(isEmpty(action.properties) ? {} : { action: action.properties }),
  };
  return isEmpty(about) ? context : ({ ...context, ...about } as Circumstances);
}

function isEmpty(value: object = {}): boolean {
  return Object.keys(value).length === 0;
}

const FORMS = {
  ...{ token: OURS.token, instance: OURS.text, unit: OURS.unit, path: OURS.path },
  ...{ tenant: OURS.text, audience: OURS.text, at_least_as_fresh: OURS.text },
};
const EXPECTED = {
  token: 'a token',
  unit: 'segments of a-z, 0-9, _ and - with dots between',
  path: 'a path that begins with /',
} as const;

function member(of: Circumstances, name: keyof typeof FORMS, where: string): string | undefined {
  const value = Object.hasOwn(of, name) ? of[name] : undefined;
  if (value === undefined) return undefined;
  const read = FORMS[name].safeParse(value);
  if (read.success) return read.data;
  throw invalid(`${where}.${name}`, name in EXPECTED ? EXPECTED[name as keyof typeof EXPECTED] : 'a text of 1 to 512 characters');
}

/** Of a token that is not judged yet: whoever decides by it verifies the very same bytes. */
function subjectIn(token: string): unknown {
  const [, payload = ''] = token.split('.', 2);
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null && 'sub' in claims ? claims.sub : undefined;
  } catch {
    return undefined;
  }
}

function invalid(field: string, expected: string): CodedError {
  return new CodedError('REQUEST_PARAMETER_INVALID', { field, expected });
}
