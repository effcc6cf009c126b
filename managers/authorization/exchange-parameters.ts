import { CodedError } from '#utilities/errors/coded-error.js';
import type { ExchangeRequest, ExchangeResult } from './contract.js';

const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:';
const ACCESS_TOKEN = `${TOKEN_TYPE}access_token` as const;
const JWT = `${TOKEN_TYPE}jwt` as const;

/** Each value is matched against the catalogue of the application; this bounds what one request can cost. */
const MAX_SCOPE_VALUES = 100;

/** The parameters of a request whose forms are right; nothing is looked up yet. */
export interface ExchangeParameters {
  readonly subjectToken: string;
  /** `null`: whoever acts is the client. */
  readonly actorToken: string | null;
  readonly impersonation: boolean;
  readonly issuedTokenType: ExchangeResult['issuedTokenType'];
  /** Distinct targets named by audience and resource together: none or one. */
  readonly target: string | undefined;
  /** `null`: no scope was requested. */
  readonly scope: readonly string[] | null;
}

/**
 * Checks the parameters by RFC 8693 §2.1 and RFC 8707 §2, in the order in which a reader of the request would.
 * What this service does not do is refused by name: a parameter that narrows or redirects must never be dropped in silence.
 *
 * @throws CodedError the first fault
 */
export function checkParameters(request: ExchangeRequest): ExchangeParameters {
  const subjectToken = required('subject_token', request.subjectToken);
  checkTokenType('subject_token_type', required('subject_token_type', request.subjectTokenType));
  refuseAnotherSubject(request);
  return {
    subjectToken,
    actorToken: actorToken(request),
    impersonation: request.impersonation,
    issuedTokenType: issuedTokenType(request.requestedTokenType),
    target: singleTarget(request),
    scope: request.scope === undefined ? null : splitScope(request.scope),
  };
}

function required(field: string, value: string | undefined): string {
  if (value === undefined) throw new CodedError('REQUEST_PARAMETER_MISSING', { field, expected: field });
  return value;
}

function checkTokenType(field: string, value: string): void {
  if (value === JWT || value === ACCESS_TOKEN) return;
  throw new CodedError('TOKEN_TYPE_UNSUPPORTED', { field, expected: `${JWT} or ${ACCESS_TOKEN}` });
}

/** RFC 8693 §2.1: both or none. */
function actorToken(request: ExchangeRequest): string | null {
  if (request.actorToken === undefined && request.actorTokenType === undefined) return null;
  const token = required('actor_token', request.actorToken);
  checkTokenType('actor_token_type', required('actor_token_type', request.actorTokenType));
  return token;
}

/** SECURITY: the subject is whom the subject token is about; a request that means somebody else must not be answered with that one. */
function refuseAnotherSubject({ requestedSubject }: ExchangeRequest): void {
  if (requestedSubject !== undefined) throw new CodedError('IMPERSONATION_UNSUPPORTED', { field: 'requested_subject' });
}

function issuedTokenType(requested: string | undefined): ExchangeResult['issuedTokenType'] {
  if (requested === undefined || requested === ACCESS_TOKEN) return ACCESS_TOKEN;
  if (requested === JWT) return JWT;
  throw new CodedError('REQUESTED_TOKEN_TYPE_UNSUPPORTED', {
    field: 'requested_token_type',
    expected: `${ACCESS_TOKEN} or ${JWT}`,
  });
}

function singleTarget(request: ExchangeRequest): string | undefined {
  let target: string | undefined;
  for (const value of request.resource) {
    if (!isAbsoluteWithoutFragment(value)) throw new CodedError('TARGET_MALFORMED', { field: 'resource' });
    target = sameTarget(target, value, 'resource');
  }
  for (const value of request.audience) target = sameTarget(target, value, 'audience');
  return target;
}

function sameTarget(target: string | undefined, value: string, field: string): string {
  if (target === undefined || target === value) return value;
  throw new CodedError('TARGET_AMBIGUOUS', { field });
}

function isAbsoluteWithoutFragment(value: string): boolean {
  return URL.canParse(value) && !value.includes('#');
}

function splitScope(scope: string): readonly string[] {
  const values = scope.split(' ', MAX_SCOPE_VALUES + 1);
  if (values.length > MAX_SCOPE_VALUES) {
    throw new CodedError('REQUEST_PARAMETER_INVALID', {
      field: 'scope',
      expected: `at most ${String(MAX_SCOPE_VALUES)} values; a pattern stands for many`,
    });
  }
  if (values.includes('')) {
    throw new CodedError('SCOPE_UNKNOWN', { field: 'scope', expected: 'values separated by single spaces' });
  }
  return values;
}
