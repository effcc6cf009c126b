import { z } from 'zod';
import type {
  AccessItem,
  AccessQuestion,
  ActionQuery,
  PageOf,
  ResourceQuery,
  SubjectQuery,
} from '#managers/authorization/access-search.contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { type Circumstances, circumstancesOf, contextOf, kindOf, resourceOf, subjectOf } from './access.entities.js';

/** What comes of the settings. */
export interface AccessDefaults {
  /** `null`: a question about somebody by name has to say it. */
  readonly tenant: string | null;
}

/** As it was asked, with what came of each of several. */
export type ReadEvaluations =
  | { readonly several: false; readonly question: AccessQuestion }
  | {
      readonly several: true;
      readonly items: readonly AccessItem[];
      readonly until: 'end' | 'first-denial' | 'first-permission';
    };

const PROPERTIES = z.custom<Circumstances>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);
const TYPE = z.string().min(1).max(128);
const ID = z.string().min(1).max(512);
const properties = PROPERTIES.optional();

// AuthZEN 1.0 §3: members that are not known are left aside. A plain object schema does so.
const SUBJECT = z.object({ type: TYPE, id: ID, properties });
const ACTION = z.object({ name: z.string().min(1).max(128), properties });
const RESOURCE = z.object({ type: TYPE, id: ID, properties });
const CONTEXT = { context: properties };
const PAGE = {
  page: z.object({ token: z.string().min(1).max(8_192).optional(), limit: z.int().min(1).optional() }).optional(),
};

const EVALUATION = z.object({ subject: SUBJECT, action: ACTION, resource: RESOURCE, ...CONTEXT });
const ACTION_SEARCH = z.object({ subject: SUBJECT, resource: RESOURCE, ...CONTEXT, ...PAGE });
/** An id of what is searched for is left aside, whatever it is. */
const RESOURCE_SEARCH = z.object({
  ...{ subject: SUBJECT, action: ACTION, resource: RESOURCE.omit({ id: true }) },
  ...{ ...CONTEXT, ...PAGE },
});
const SUBJECT_SEARCH = z.object({
  ...{ subject: SUBJECT.omit({ id: true }), action: ACTION, resource: RESOURCE },
  ...{ ...CONTEXT, ...PAGE },
});

const UNTIL = { execute_all: 'end', deny_on_first_deny: 'first-denial', permit_on_first_permit: 'first-permission' } as const;
const EVALUATIONS = z.object({
  ...{ subject: properties, action: properties, resource: properties, context: properties },
  evaluations: z.array(z.unknown()).max(100).optional(),
  options: z
    .object({ evaluations_semantic: z.enum(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit']).optional() })
    .optional(),
});
const ENTITIES = ['subject', 'action', 'resource', 'context'] as const;

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readEvaluation(body: unknown, { tenant: usual }: AccessDefaults): AccessQuestion {
  const read = parse(EVALUATION, body);
  const { subject, action, resource } = read;
  const { tenant, ...about } = circumstancesOf(read.context);
  return {
    ...about,
    tenant: tenant ?? undefined,
    subject: subjectOf(subject, tenant ?? usual),
    action: action.name,
    resource: resourceOf(resource),
    context: contextOf(read),
  };
}

/**
 * Defaults are replaced whole, never merged. Nothing in `evaluations` is one question after all.
 *
 * @throws CodedError `REQUEST_PARAMETER_INVALID`; what is wrong with one of several is answered with it
 */
export function readEvaluations(body: unknown, defaults: AccessDefaults): ReadEvaluations {
  const read = parse(EVALUATIONS, body);
  const { evaluations = [], options } = read;
  if (evaluations.length === 0) return { several: false, question: readEvaluation(body, defaults) };
  const items = evaluations.map((item) => itemOf(item, read, defaults));
  return { several: true, items, until: UNTIL[options?.evaluations_semantic ?? 'execute_all'] };
}

function itemOf(item: unknown, top: z.infer<typeof EVALUATIONS>, defaults: AccessDefaults): AccessItem {
  try {
    const own = parse(PROPERTIES, item);
    const whole = ENTITIES.map((name) => [name, Object.hasOwn(own, name) ? own[name] : top[name]] as const);
    return { question: readEvaluation(Object.fromEntries(whole), defaults) };
  } catch (error) {
    if (isCodedError(error)) return { fault: error };
    throw error;
  }
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readActionSearch(body: unknown, { tenant: usual }: AccessDefaults): PageOf<ActionQuery> {
  const read = parse(ACTION_SEARCH, body);
  const { tenant, ...about } = circumstancesOf(read.context);
  const subject = subjectOf(read.subject, tenant ?? usual);
  const query = { ...about, tenant: tenant ?? undefined, subject, resource: resourceOf(read.resource), context: contextOf(read) };
  return { query, page: pageOf(read) };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readResourceSearch(body: unknown, { tenant: usual }: AccessDefaults): PageOf<ResourceQuery> {
  const read = parse(RESOURCE_SEARCH, body);
  const { tenant, ...about } = circumstancesOf(read.context);
  const query = {
    ...about,
    tenant: tenant ?? undefined,
    subject: subjectOf(read.subject, tenant ?? usual),
    action: read.action.name,
    resource: resourceOf(read.resource),
    context: contextOf(read),
  };
  return { query, page: pageOf(read) };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readSubjectSearch(body: unknown, { tenant: usual }: AccessDefaults): PageOf<SubjectQuery> {
  const read = parse(SUBJECT_SEARCH, body);
  const { tenant: named, ...about } = circumstancesOf(read.context);
  const tenant = named ?? usual;
  if (tenant === null) throw invalid('context.tenant', 'the slug of the tenant');
  const query = {
    ...about,
    tenant,
    kind: kindOf(read.subject.type),
    action: read.action.name,
    resource: { ...resourceOf(read.resource), id: read.resource.id },
    context: contextOf(read),
  };
  return { query, page: pageOf(read) };
}

function pageOf({
  page,
}: {
  readonly page?: { readonly limit?: number | undefined; readonly token?: string | undefined } | undefined;
}) {
  return { limit: page?.limit ?? null, token: page?.token ?? null };
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // SECURITY: paths and what was expected, never a value: a token may be among them.
  const [first] = parsed.error.issues;
  const all = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw invalid(first?.path.join('.') || 'body', all.slice(0, 10).join('; '));
}

function invalid(field: string, expected: string): CodedError {
  return new CodedError('REQUEST_PARAMETER_INVALID', { field, expected });
}
