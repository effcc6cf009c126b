import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';
import type { PlanOptions, PolicyName, SubjectQuestion } from '#managers/policy/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const MAX_TESTS = 100;

const document = z.record(z.string(), z.unknown());
const tests = z.array(document).max(MAX_TESTS).default([]);
const reason = z.string().min(1).max(500);
const name = { tenant: z.string().min(1).max(128), set: z.string().min(1).max(128).default('main') };
const values = z.record(z.string(), z.json()).default({});

const LINT = z.strictObject({ policy: document });
const TEST = z.strictObject({ policy: document, tests });
const PLAN = z.strictObject({
  policy: document,
  tests,
  guardRails: z
    .strictObject({ maxSubjectsLosing: z.int().min(0).optional(), forbidGain: z.array(z.string().max(128)).max(100).optional() })
    .default({}),
  replayDays: z.int().min(0).max(366).nullable().default(null),
});
const APPLY = z.strictObject({ reason });
const SHADOW = z.strictObject({ share: z.number().min(0).max(1) });
const ROLLBACK = z.strictObject({ ...name, to: z.int().min(1).nullable().default(null), reason });
const NAME = z.object(name);
const RANGE = z.object({ ...name, from: z.coerce.number().int().min(1).optional(), to: z.coerce.number().int().min(1) });
const question = {
  tenant: name.tenant,
  audience: z.string().min(1).max(512),
  permission: z.string().min(1).max(128),
  resource: z
    .strictObject({
      type: z.string().min(1).max(128),
      id: z.string().max(512).nullable().default(null),
      unit: z.string().max(512).nullable().default(null),
      path: z.string().max(512).nullable().default(null),
      attributes: values,
    })
    .nullable()
    .default(null),
  unit: z.string().max(512).nullable().default(null),
  context: values,
  at: z.int().min(0).nullable().default(null),
  version: z.int().min(1).nullable().default(null),
};
const CAN_I = z.strictObject({ ...question, subject: z.string().min(1).max(512) });
const WHO_CAN = z.strictObject({
  ...question,
  after: z.uuid().nullable().default(null),
  limit: z.int().min(1).max(1000).default(100),
});

const schemaOf = (schema: z.ZodType): SchemaObject =>
  z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' }) as SchemaObject;

export const LINT_BODY = schemaOf(LINT);
export const TEST_BODY = schemaOf(TEST);
export const PLAN_BODY = schemaOf(PLAN);
export const APPLY_BODY = schemaOf(APPLY);
export const SHADOW_BODY = schemaOf(SHADOW);
export const ROLLBACK_BODY = schemaOf(ROLLBACK);
export const CAN_I_BODY = schemaOf(CAN_I);
export const WHO_CAN_BODY = schemaOf(WHO_CAN);

export type ReadPlan = Omit<PlanOptions, 'progress'> & { readonly policy: unknown };

/** All of these @throws CodedError `REQUEST_PARAMETER_INVALID` */
export const readLint = (body: unknown): { readonly policy: unknown } => read(LINT, body);
export const readTest = (body: unknown): { readonly policy: unknown; readonly tests: readonly unknown[] } => read(TEST, body);
export function readPlan(body: unknown): ReadPlan {
  const { guardRails, ...rest } = read(PLAN, body);
  const { maxSubjectsLosing, forbidGain = [] } = guardRails;
  return { ...rest, guardRails: { forbidGain, ...(maxSubjectsLosing === undefined ? {} : { maxSubjectsLosing }) } };
}
export const readApply = (body: unknown): { readonly reason: string } => read(APPLY, body);
export const readShadow = (body: unknown): { readonly share: number } => read(SHADOW, body);
export const readRollback = (body: unknown): PolicyName & { readonly to: number | null; readonly reason: string } =>
  read(ROLLBACK, body);
export const readName = (query: unknown): PolicyName => read(NAME, query);
export function readRange(query: unknown): { readonly name: PolicyName; readonly from: number | null; readonly to: number } {
  const { tenant, set, from, to } = read(RANGE, query);
  return { name: { tenant, set }, from: from ?? null, to };
}
export const readCanI = (body: unknown): SubjectQuestion => read(CAN_I, body);
export const readWhoCan = (
  body: unknown,
): Omit<SubjectQuestion, 'subject'> & { readonly after: string | null; readonly limit: number } => read(WHO_CAN, body);

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'body', expected: z.prettifyError(parsed.error) });
}
