import type { ClientCredentials } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { parseBasic } from '../basic-credentials.js';
import { type Form, single } from './form.js';

/**
 * The client credentials of a token request, by `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1), exactly one
 * of the two.
 *
 * @param authorization the value of the Authorization header, if there is one
 * @throws CodedError `CLIENT_AUTHENTICATION_AMBIGUOUS` for two methods or two client ids
 */
export function readClientCredentials(authorization: string | undefined, form: Form): ClientCredentials {
  const clientId = single(form, 'client_id');
  const clientSecret = single(form, 'client_secret');
  if (authorization !== undefined) {
    if (clientSecret !== undefined) throw new CodedError('CLIENT_AUTHENTICATION_AMBIGUOUS', { field: 'client_secret' });
    const credentials = parseBasic(authorization);
    if (credentials.method !== 'none' && clientId !== undefined && clientId !== credentials.clientId) {
      throw new CodedError('CLIENT_AUTHENTICATION_AMBIGUOUS', { field: 'client_id' });
    }
    return credentials;
  }
  if (clientId === undefined || clientSecret === undefined) return { method: 'none' };
  return { method: 'client_secret_post', clientId, clientSecret };
}
