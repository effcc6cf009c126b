import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';
import type { RevocationListing, RevocationOrder } from '#managers/administration/revocation-administration.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const KINDS = ['token', 'subject', 'client', 'tenant'] as const;
const NAME = z.string().min(1).max(512);
const WISH = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('token'), tokenId: NAME }),
  z.strictObject({ by: z.literal('subject'), tenant: NAME, subject: NAME }),
  z.strictObject({ by: z.literal('key'), tenant: NAME, key: NAME }),
  z.strictObject({ by: z.literal('client'), clientId: NAME }),
  z.strictObject({ by: z.literal('tenant'), tenant: NAME }),
]);
const ORDER = z.strictObject({
  wish: WISH,
  before: z.int().positive().nullable().default(null),
  reason: z.string().min(1).max(500),
  validateOnly: z.boolean().default(false),
});
const LISTING = z.object({
  by: z.enum(KINDS).nullable().default(null),
  below: z.coerce.number().int().positive().nullable().default(null),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export const REVOCATION_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['wish', 'reason'],
  properties: {
    wish: {
      type: 'object',
      required: ['by'],
      description:
        'What to take back: by token (tokenId), subject (tenant, subject), key (tenant, key), client (clientId), tenant.',
      properties: {
        by: { type: 'string', enum: ['token', 'subject', 'key', 'client', 'tenant'] },
        tokenId: { type: 'string', description: 'jti of the token.' },
        tenant: { type: 'string', description: 'Slug.' },
        subject: { type: 'string', description: 'sub of the tokens.' },
        key: { type: 'string', description: "The administrator's key of a registered subject." },
        clientId: { type: 'string' },
      },
    },
    before: {
      type: 'integer',
      nullable: true,
      description: 'Unix seconds: what was issued before. Left out: everything up to now.',
    },
    reason: { type: 'string', minLength: 1, maxLength: 500, description: 'For the audit record.' },
    validateOnly: { type: 'boolean', default: false, description: 'Say what would be done and do nothing.' },
  },
};

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readRevocation(body: unknown): RevocationOrder {
  return read(ORDER, body, 'body');
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readRevocationListing(query: unknown): RevocationListing {
  return read(LISTING, query, 'query');
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown, field: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field, expected: z.prettifyError(parsed.error) });
}
