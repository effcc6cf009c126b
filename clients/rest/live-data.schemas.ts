import type { ApiBodyOptions } from '@nestjs/swagger';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const validateOnly = { type: 'boolean', default: false, description: 'Say what would be done and do nothing.' } as const;

export const ROWS_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['rows'],
  properties: {
    rows: {
      type: 'array',
      minItems: 1,
      maxItems: 1_000,
      items: { type: 'object', description: 'A row of this kind: docs/guides/live-data.md.' },
    },
    validateOnly,
  },
};

export const PATCH_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['members'],
  properties: { members: { type: 'object', description: 'Members that change; the others stay.' }, validateOnly },
};

export const NAMES_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['names'],
  properties: { names: { type: 'array', minItems: 1, maxItems: 1_000, items: { type: 'string' } }, validateOnly },
};
