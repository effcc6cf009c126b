import { z } from 'zod';
import {
  API_VERSION,
  attributeName,
  claimText,
  conditionName,
  duration,
  key,
  patterns,
  resource,
  selector,
  slug,
  unit,
  values,
  when,
  window,
} from './form-values.js';

const params = values.optional();
const condition = { when: when.optional(), params };

const attribute = z.union(
  [z.string(), z.strictObject({ type: z.string(), source: z.union([z.string(), z.array(z.string()).min(1)]).optional() })],
  'expected a type, or a record of type and source (one or a list)',
);
const attributes = z.record(attributeName, attribute);

const role = z.strictObject({
  grants: patterns.default([]),
  exclude: patterns.default([]),
  inherits: z.array(key).max(1000).default([]),
  assignment: z
    .strictObject({
      mode: z.enum(['direct', 'eligible']),
      // Read so that a file may say them already; without effect until roles can be activated.
      max_duration: duration.optional(),
      approval: z.array(key).optional(),
      require_ticket: z.boolean().optional(),
    })
    .optional(),
});

const mapping = z.strictObject({
  issuer: key,
  claim: z.enum(['roles', 'groups']),
  equals: claimText,
  role: key.optional(),
  group: key.optional(),
  unit: unit.optional(),
  ...condition,
});

const binding = z.strictObject({
  id: key,
  principal: selector,
  role: key.optional(),
  permissions: patterns.min(1).optional(),
  unit: unit.optional(),
  ...condition,
  resource: resource.optional(),
  valid: window.optional(),
});

const gate = z.strictObject({
  id: key,
  permissions: patterns.min(1),
  tier: key.optional(),
  flags: z.array(key).default([]),
});

const deny = z.strictObject({
  id: key,
  principals: z.array(selector).min(1),
  permissions: patterns.min(1),
  except: z.array(selector).default([]),
  ...condition,
  valid: window.optional(),
});

const stepUp = z.strictObject({
  id: key,
  permissions: patterns.min(1),
  acr: z.array(claimText).default([]),
  maxAuthAge: duration.optional(),
});

const route = z.strictObject({
  match: z.string().max(1024),
  application: claimText,
  permission: z.string().max(128),
  resource: z.strictObject({ type: attributeName, id: claimText }).optional(),
});

/** Sections of a policy, as they stand in a policy file and in a policy of an import file. */
const policySections = {
  attributes: z
    .strictObject({
      subject: attributes.optional(),
      tenant: attributes.optional(),
      session: attributes.optional(),
      context: attributes.optional(),
      flag: attributes.optional(),
      resource: z.record(attributeName, attributes).optional(),
    })
    .default({}),
  conditions: z.record(conditionName, when).default({}),
  // Not optional: nobody takes all roles away by a section that was forgotten or misspelt.
  roles: z.record(key, role),
  mappings: z.array(mapping).default([]),
  bindings: z.array(binding).default([]),
  tiers: z.array(z.strictObject({ key, flags: z.array(key).default([]) })).default([]),
  gates: z.array(gate).default([]),
  denies: z.array(deny).default([]),
  stepUps: z.array(stepUp).default([]),
  routes: z.array(route).max(2_000).default([]),
};

export const policySchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('PolicySet'),
  metadata: z.strictObject({ tenant: slug, name: key.default('main'), message: z.string().max(1024).default('') }),
  ...policySections,
});

export type WrittenPolicy = z.output<typeof policySchema>;
