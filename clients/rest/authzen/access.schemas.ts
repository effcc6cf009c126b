import type { ApiBodyOptions } from '@nestjs/swagger';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const text = (description: string): SchemaObject => ({ type: 'string', description });
const members = (description: string): SchemaObject => ({ type: 'object', additionalProperties: true, description });
const object = (required: string[], properties: Record<string, SchemaObject>): SchemaObject => ({
  type: 'object',
  required,
  properties,
});

const TYPE_OF_SUBJECT = text('user, service or agent.');
const ABOUT_SUBJECT = members(
  'token: a token whose sub the id is. instance: the identity provider at which the id is one. Others are read as context.subject.*.',
);
const SUBJECT = object(['type', 'id'], {
  type: TYPE_OF_SUBJECT,
  id: text('The administrator’s key.'),
  properties: ABOUT_SUBJECT,
});
const ACTION = object(['name'], {
  name: text('approve, or the whole permission: billing:invoice:approve.'),
  properties: members('Read as context.action.*.'),
});
const ABOUT_RESOURCE = members('unit and path: where it belongs. All are read as resource.*.');
const TYPE_OF_RESOURCE = text('invoice, or with the prefix of the application: billing:invoice.');
const RESOURCE = object(['type', 'id'], { type: TYPE_OF_RESOURCE, id: text('Its id.'), properties: ABOUT_RESOURCE });
const CONTEXT = members(
  'Read as context.*, as far as the policy takes it from whoever asks. tenant, audience and at_least_as_fresh are about the question.',
);
const PAGE = object([], {
  token: text('next_token of the page before.'),
  limit: { type: 'integer', minimum: 1, description: 'At most 100 are answered; left out: 50.' },
});

export const EVALUATION_SCHEMA: SchemaObject = object(['subject', 'action', 'resource'], {
  subject: SUBJECT,
  action: ACTION,
  resource: RESOURCE,
  context: CONTEXT,
});

export const EVALUATIONS_SCHEMA: SchemaObject = object([], {
  subject: SUBJECT,
  action: ACTION,
  resource: RESOURCE,
  context: CONTEXT,
  evaluations: {
    type: 'array',
    maxItems: 100,
    items: members('subject, action, resource and context, each in the place of the one above.'),
  },
  options: object([], {
    evaluations_semantic: { type: 'string', enum: ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] },
  }),
});

export const ACTION_SEARCH_SCHEMA: SchemaObject = object(['subject', 'resource'], {
  subject: SUBJECT,
  resource: RESOURCE,
  context: CONTEXT,
  page: PAGE,
});
export const RESOURCE_SEARCH_SCHEMA: SchemaObject = object(['subject', 'action', 'resource'], {
  subject: SUBJECT,
  action: ACTION,
  resource: object(['type'], { type: TYPE_OF_RESOURCE, properties: ABOUT_RESOURCE }),
  context: CONTEXT,
  page: PAGE,
});
export const SUBJECT_SEARCH_SCHEMA: SchemaObject = object(['subject', 'action', 'resource'], {
  subject: object(['type'], { type: TYPE_OF_SUBJECT }),
  action: ACTION,
  resource: RESOURCE,
  context: CONTEXT,
  page: PAGE,
});

export const OUTCOME_SCHEMA: SchemaObject = object(['decision'], {
  decision: { type: 'boolean', description: 'False whenever anything is missing or undecided.' },
  context: members('code, policy_version, consistency_token, evaluation_id; of a denial reasons, missing, acr_values.'),
});
export const OUTCOMES_SCHEMA: SchemaObject = object(['evaluations'], { evaluations: { type: 'array', items: OUTCOME_SCHEMA } });

export const FOUND_SCHEMA: SchemaObject = object(['results', 'page'], {
  results: { type: 'array', items: members('name of an action, or type and id.') },
  page: object(['next_token', 'count'], {
    next_token: text('Empty: this was the last page. A page may be empty and not be the last.'),
    count: { type: 'integer' },
  }),
});
