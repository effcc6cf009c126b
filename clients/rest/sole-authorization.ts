import type { FastifyRequest } from 'fastify';
import { CodedError } from '#utilities/errors/coded-error.js';

/** SECURITY: Node keeps the first of two Authorization headers and drops the other in silence; a second one is refused. */
export function soleAuthorization(request: FastifyRequest): string | undefined {
  const value = request.headers.authorization;
  if (value === undefined) return undefined;
  const { rawHeaders } = request.raw;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 13 && rawHeaders[index]?.toLowerCase() === 'authorization') count += 1;
  }
  if (count > 1) throw new CodedError('CLIENT_AUTHENTICATION_AMBIGUOUS', { field: 'authorization' });
  return value;
}
