import type { FastifyRequest } from 'fastify';
import type { ClientCredentials } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { settleCredentials } from '../sent-credentials.js';
import { type Form, single } from './form.js';
import { soleAuthorization } from './sole-authorization.js';

/**
 * The client credentials of a request with a form: in the Authorization header or in the form, exactly one way.
 *
 * @param authorization the value of the Authorization header, if there is one
 * @throws CodedError `CLIENT_AUTHENTICATION_AMBIGUOUS`, `REQUEST_PARAMETER_MISSING`, `REQUEST_PARAMETER_INVALID`
 */
export function readClientCredentials(authorization: string | undefined, form: Form): ClientCredentials {
  return settleCredentials({
    authorization,
    clientId: single(form, 'client_id'),
    clientSecret: single(form, 'client_secret'),
    assertion: single(form, 'client_assertion'),
    assertionType: single(form, 'client_assertion_type'),
  });
}

/**
 * The client credentials of a request whose body is no form: in headers, which are named as the metadata of gRPC calls are.
 *
 * @throws CodedError as `readClientCredentials`
 */
export function readHeaderCredentials(request: FastifyRequest): ClientCredentials {
  return settleCredentials({
    authorization: soleAuthorization(request),
    clientId: soleHeader(request, 'client-id'),
    clientSecret: undefined,
    assertion: soleHeader(request, 'client-assertion'),
    assertionType: soleHeader(request, 'client-assertion-type'),
  });
}

/** SECURITY: Node joins what is sent twice; nothing that is read here has a comma in it, so two values are refused. */
function soleHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string' || value.includes(',')) throw new CodedError('CLIENT_AUTHENTICATION_AMBIGUOUS', { field: name });
  return value;
}
