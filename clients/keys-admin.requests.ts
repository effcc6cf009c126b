import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';
import type { KeyEmergencyRequest, RotateRequest } from '#managers/keyring/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const ROTATION = z.strictObject({
  algorithm: z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']).optional(),
  validateOnly: z.boolean().default(false),
});

const EMERGENCY = z.strictObject({
  reason: z.string().min(1).max(500),
  validateOnly: z.boolean().default(false),
});

export const ROTATION_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    algorithm: { type: 'string', enum: ['ES256', 'RS256', 'PS256', 'Ed25519'], description: 'Left out: every algorithm.' },
    validateOnly: { type: 'boolean', default: false, description: 'Say what would be done and do nothing.' },
  },
};

export const EMERGENCY_BODY: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: {
    reason: { type: 'string', minLength: 1, maxLength: 500, description: 'For the audit record.' },
    validateOnly: { type: 'boolean', default: false, description: 'Say what would be done and do nothing.' },
  },
};

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readRotation(body: unknown): RotateRequest {
  const { algorithm, validateOnly } = read(ROTATION, body);
  return algorithm === undefined ? { validateOnly } : { algorithm, validateOnly };
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function readEmergency(body: unknown): Omit<KeyEmergencyRequest, 'kid'> {
  return read(EMERGENCY, body);
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'body', expected: z.prettifyError(parsed.error) });
}
