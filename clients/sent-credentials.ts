import type { ClientCredentials } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { parseBasic } from './basic-credentials.js';

/** RFC 7523 §2.2: the one type of assertion there is. */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What a request carries of client credentials, wherever its transport has them; `undefined`: nothing. */
export interface SentCredentials {
  readonly authorization: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly assertion: string | undefined;
  readonly assertionType: string | undefined;
}

/**
 * The one way in which a request authenticates its client (RFC 6749 §2.3).
 *
 * @throws CodedError `CLIENT_AUTHENTICATION_AMBIGUOUS` for two ways or two client ids, `REQUEST_PARAMETER_MISSING`,
 *   `REQUEST_PARAMETER_INVALID`
 */
export function settleCredentials(sent: SentCredentials): ClientCredentials {
  refuseTwoWays(sent);
  const { authorization, clientId, clientSecret } = sent;
  if (authorization !== undefined) return ofHeader(authorization, clientId);
  if (hasAssertion(sent)) return { method: 'client_assertion', clientId, assertion: assertionOf(sent) };
  if (clientId === undefined) return { method: clientSecret === undefined ? 'none' : 'unreadable' };
  if (clientSecret === undefined) return { method: 'client_id', clientId };
  return { method: 'client_secret_post', clientId, clientSecret };
}

function refuseTwoWays(sent: SentCredentials): void {
  const { authorization, clientSecret } = sent;
  if (authorization !== undefined && clientSecret !== undefined) throw ambiguous('client_secret');
  if (hasAssertion(sent) && (authorization ?? clientSecret) !== undefined) throw ambiguous('client_assertion');
}

/** A type alone is an assertion that went wrong, not nothing. */
function hasAssertion({ assertion, assertionType }: SentCredentials): boolean {
  return assertion !== undefined || assertionType !== undefined;
}

function ofHeader(authorization: string, clientId: string | undefined): ClientCredentials {
  const credentials = parseBasic(authorization);
  if ('clientSecret' in credentials && clientId !== undefined && clientId !== credentials.clientId) throw ambiguous('client_id');
  return credentials;
}

function assertionOf({ assertion, assertionType: type }: SentCredentials): string {
  if (type === undefined)
    throw new CodedError('REQUEST_PARAMETER_MISSING', { field: 'client_assertion_type', expected: JWT_BEARER });
  if (type !== JWT_BEARER)
    throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'client_assertion_type', expected: JWT_BEARER });
  if (assertion === undefined) throw new CodedError('REQUEST_PARAMETER_MISSING', { field: 'client_assertion' });
  return assertion;
}

function ambiguous(field: string): CodedError {
  return new CodedError('CLIENT_AUTHENTICATION_AMBIGUOUS', { field });
}
