import type { ApiBodyOptions } from '@nestjs/swagger';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const text = (description: string): SchemaObject => ({ type: 'string', description });
const texts = (description: string): SchemaObject => ({ type: 'array', items: { type: 'string' }, description });
const attributes = (description: string): SchemaObject => ({ type: 'object', additionalProperties: true, description });

const RESOURCE: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['type'],
  description: 'Left out: the permission as such, on no particular resource.',
  properties: {
    type: text('Its type: invoice.'),
    id: text('Its id.'),
    unit: text('The organisational unit that it belongs to: org.emea.ch.'),
    path: text('Its place in a tree: /emea/ch/7.'),
    attributes: attributes('What conditions read as resource.*.'),
  },
};

const CIRCUMSTANCES: Record<string, SchemaObject> = {
  subject_token: text(
    'A token of this service for the audience, or one of a trusted issuer that the client may hand in. Either this or subject.',
  ),
  subject: {
    description:
      'A registered subject of the tenant, by key or by upstream identity: what is stored, without what a token would add.',
    oneOf: [
      { type: 'object', additionalProperties: false, required: ['key'], properties: { key: text('The administrator’s key.') } },
      {
        type: 'object',
        additionalProperties: false,
        required: ['identity'],
        properties: {
          identity: {
            type: 'object',
            additionalProperties: false,
            required: ['instance', 'external_id'],
            properties: {
              instance: text('entra:{cloud}:{tid} or oidc:{issuer}.'),
              external_id: text('oid for Entra, sub otherwise.'),
            },
          },
        },
      },
    ],
  },
  audience: text('The exact audience of the application. Left out: the only one that the client may ask about.'),
  tenant: text('Slug of the tenant: with subject, or where a token of an issuer fits several.'),
  unit: text('Organisational subtree that is asked about: org.emea. Left out: the whole tenant.'),
  context: attributes('What conditions read as context.*, as far as the policy takes it from whoever asks.'),
  at_least_as_fresh: text('A consistency_token of an earlier answer: this one knows at least as much.'),
};

const STATE: Record<string, SchemaObject> = {
  policy_version: text('main@42.'),
  epoch: { type: 'integer', description: 'Number of the data state that was read.' },
  consistency_token: text('What a later question may ask to be at least as fresh as. Opaque.'),
};

export const CHECK_BODY_SCHEMA: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['items'],
  properties: {
    ...CIRCUMSTANCES,
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['permission'],
        properties: { permission: text('Full name: billing:invoice:approve.'), resource: RESOURCE },
      },
    },
    explain: { type: 'boolean', default: false, description: 'Also tell why: for clients that are registered for it.' },
  },
};

export const EFFECTIVE_BODY_SCHEMA: SchemaObject = { type: 'object', additionalProperties: false, properties: CIRCUMSTANCES };

export const CHECK_ANSWER_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['results', 'decision_id', ...Object.keys(STATE)],
  properties: {
    results: {
      type: 'array',
      description: 'In the order of the items.',
      items: {
        type: 'object',
        required: ['allowed', 'code'],
        properties: {
          allowed: { type: 'boolean', description: 'False whenever anything is missing or undecided.' },
          code: text('Why: granted, no_grant, condition_false, deny_rule, step_up_required and so on.'),
          residual: text('What is left to decide, as CEL.'),
          missing: texts('Paths that would have to be known.'),
          step_up: {
            type: 'object',
            properties: { acr: texts('Any of these will do.'), max_auth_age_seconds: { type: 'integer' } },
          },
          explanation: attributes('The whole story, where it was asked for.'),
        },
      },
    },
    decision_id: text('Finds the records of these decisions.'),
    ...STATE,
  },
};

export const EFFECTIVE_ANSWER_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['granted', 'conditional', 'horizon', ...Object.keys(STATE)],
  properties: {
    granted: texts('Full names, sorted.'),
    conditional: {
      type: 'array',
      items: {
        type: 'object',
        required: ['permission', 'residual', 'missing'],
        properties: {
          permission: text('Full name.'),
          residual: text('What is left to decide, as CEL.'),
          missing: texts('Paths that the residual reads.'),
        },
      },
    },
    horizon: {
      type: ['string', 'null'],
      format: 'date-time',
      description: 'Until when this holds on unchanged data; null: no time is known at which it changes.',
    },
    ...STATE,
  },
};
