import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';
import type { ClientPutOrder, SecretOrder } from '#managers/administration/client-administration.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const validateOnly = z.boolean().default(false);
const PUT = z.strictObject({ client: z.record(z.string(), z.unknown()), validateOnly });
const SECRET = z.strictObject({ days: z.int().min(1).max(730).default(180), validateOnly });
const SWITCH = z.strictObject({ validateOnly });

const ONLY: SchemaObject = { type: 'boolean', default: false, description: 'Say what would be done and do nothing.' };

export const CLIENT_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['client'],
  properties: {
    client: { type: 'object', description: 'As in the clients section of an import file, without secrets.' },
    validateOnly: ONLY,
  },
};

export const SECRET_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    days: { type: 'integer', minimum: 1, maximum: 730, default: 180, description: 'Until it ends.' },
    validateOnly: ONLY,
  },
};

export const SWITCH_BODY: SchemaObject = { type: 'object', additionalProperties: false, properties: { validateOnly: ONLY } };

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readClientPut(body: unknown): ClientPutOrder {
  const { client, ...order } = read(PUT, body);
  return { document: client, ...order };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readSecret(body: unknown): Omit<SecretOrder, 'clientId'> {
  return read(SECRET, body ?? {});
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readSwitch(body: unknown): { readonly validateOnly: boolean } {
  return read(SWITCH, body ?? {});
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'body', expected: z.prettifyError(parsed.error) });
}
