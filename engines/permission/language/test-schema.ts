import { z } from 'zod';
import type { DecisionCode } from '../contract.js';
import {
  API_VERSION,
  attributeValue,
  claimText,
  conditionName,
  key,
  moment,
  patterns,
  resource,
  unit,
  values,
  window,
} from './form-values.js';

const CODES = [
  'granted',
  'conditional',
  'no_grant',
  'condition_false',
  'condition_error',
  'condition_unknown',
  'expired',
  'not_yet_valid',
  'eligible_not_active',
  'gate.tier',
  'gate.flag',
  'boundary',
  'deny_rule',
  'step_up_required',
  'subject_disabled',
  'tenant_suspended',
  'groups_unknown',
  'permission_unknown',
] as const satisfies readonly DecisionCode[];

const code = z.enum(CODES);
const condition = { when: conditionName.optional(), params: values.optional() };

const authentication = {
  acr: claimText.nullable().optional(),
  amr: z.array(claimText).optional(),
  auth_time: moment.nullable().optional(),
};

const tenantState = z.strictObject({
  status: z.enum(['active', 'suspended']).optional(),
  tier: key.nullable().optional(),
  subscriptions: z
    .array(z.strictObject({ tier: key, valid: window.optional(), grace_until: moment.nullable().optional() }))
    .optional(),
  flags: z
    .array(
      z.union(
        [key, z.strictObject({ key, enabled: z.boolean().default(true), valid: window.optional() })],
        'expected a flag, or a record of key, enabled and valid',
      ),
    )
    .optional(),
  attributes: values.optional(),
  boundary: patterns.nullable().optional(),
});

/** What a test is asked under; each member falls back to the one in `defaults`. */
const circumstances = {
  audience: z.string().min(1).max(512).optional(),
  context: z.union([key, values, z.null()], 'expected the name of a context, or a record of values').optional(),
  unit: unit.nullable().optional(),
  now: moment.optional(),
  tenant: tenantState.optional(),
  session: z.strictObject(authentication).optional(),
  boundary: patterns.optional(),
  ceiling: patterns.nullable().optional(),
  unavailable: z.array(z.string().max(256)).optional(),
};

const persona = z.strictObject({
  kind: z.enum(['user', 'workload', 'agent']).default('user'),
  status: z.enum(['active', 'disabled']).default('active'),
  registered: z.boolean().default(true),
  idp: z
    .strictObject({
      issuer: key,
      roles: z.array(claimText).default([]),
      groups: z.array(claimText).nullable().default([]),
      ...authentication,
    })
    .optional(),
  groups: z
    .array(z.union([key, z.strictObject({ key, valid: window.optional() })], 'expected a group, or a record of key and valid'))
    .default([]),
  assignments: z
    .array(
      z.strictObject({
        role: key,
        group: key.optional(),
        unit: unit.optional(),
        ...condition,
        valid: window.optional(),
        state: z.enum(['active', 'eligible']).default('active'),
      }),
    )
    .default([]),
  grants: z
    .array(
      z.strictObject({
        role: key.optional(),
        permissions: patterns.min(1).optional(),
        group: key.optional(),
        resource,
        unit: unit.optional(),
        ...condition,
        valid: window.optional(),
      }),
    )
    .default([]),
  attributes: values.default({}),
});

const expectation = z.strictObject({
  permissions: z
    .strictObject({
      exact: patterns.optional(),
      include: patterns.optional(),
      exclude: patterns.optional(),
      count: z.int().min(0).optional(),
    })
    .optional(),
  conditional: z.record(z.string(), z.string()).optional(),
  details: z
    .array(
      z.strictObject({
        type: z.string().optional(),
        actions: z.array(z.string()).optional(),
        datatypes: z.array(z.string()).optional(),
        locations: z.array(z.string()).optional(),
        identifier: z.string().optional(),
        path: z.string().optional(),
        unit: z.string().optional(),
      }),
    )
    .optional(),
  horizon: moment.nullable().optional(),
  refused: z.string().optional(),
  explain: z
    .record(z.string(), z.strictObject({ decision: z.enum(['allow', 'conditional', 'deny']).optional(), code: code.optional() }))
    .optional(),
});

const check = z.strictObject({
  permission: z.string(),
  resource: z
    .object({ type: z.string(), id: z.string().nullish(), unit: unit.nullish(), path: z.string().nullish() })
    .catchall(attributeValue)
    .optional(),
  context: circumstances.context,
  expect: z.enum(['allow', 'deny', ...CODES]),
});

const test = z.strictObject({
  name: z.string().min(1).max(256),
  given: z.strictObject({ subject: key.optional(), all_subjects: z.literal(true).optional(), ...circumstances }),
  expect: expectation.optional(),
  checks: z.array(check).min(1).optional(),
  invariant: z.literal('superset_of_live').optional(),
  permissions: patterns.min(1).optional(),
});

export const testSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('PolicyTest'),
  metadata: z.strictObject({ name: key.default('tests') }).prefault({}),
  defaults: z.strictObject(circumstances).default({}),
  subjects: z.record(key, persona).default({}),
  contexts: z.record(key, values).default({}),
  tests: z.array(test).min(1),
});

export type WrittenTests = z.output<typeof testSchema>;
export type WrittenTest = WrittenTests['tests'][number];
export type WrittenPersona = WrittenTests['subjects'][string];
export type Expectation = NonNullable<WrittenTest['expect']>;
export type WrittenCheck = NonNullable<WrittenTest['checks']>[number];
export type TenantState = NonNullable<WrittenTests['defaults']['tenant']>;
export type Authentication = NonNullable<WrittenTests['defaults']['session']>;
export type ContextValues = WrittenTests['contexts'][string];
