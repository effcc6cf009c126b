import type { CatalogueEntry } from '../catalogue-entry.js';

/** The request itself is not well formed, whatever it asks for. */
export const REQUEST_ERRORS = {
  REQUEST_MALFORMED: {
    summary: 'The request could not be read.',
    cause: 'The form body is not valid application/x-www-form-urlencoded text in UTF-8, or the gRPC message does not decode.',
    remedy: ['Send a form body as RFC 8693 §2.1 describes, each name and value percent-encoded once.'],
    source: 'RFC 6749 §5.2',
  },
  REQUEST_PARAMETER_MISSING: {
    summary: 'A required parameter is missing.',
    cause: 'The named parameter is absent or has no value.',
    remedy: ['Send the parameter that the error names.'],
    source: 'RFC 8693 §2.1',
  },
  REQUEST_PARAMETER_REPEATED: {
    summary: 'A parameter was sent more than once.',
    cause: 'Only audience and resource may be repeated.',
    remedy: ['Send the named parameter once.', 'Check for a proxy or client library that adds it a second time.'],
    source: 'RFC 6749 §3.2',
  },
  REQUEST_PARAMETER_INVALID: {
    summary: 'A parameter has a value that is not allowed.',
    cause: 'The named parameter is not of the form that its specification requires.',
    remedy: ['Correct the parameter that the error names; the error says what was expected.'],
    source: 'RFC 8693 §2.1',
  },
  REQUEST_CONTENT_TYPE_UNSUPPORTED: {
    summary: 'The content type of the request is not supported here.',
    cause: 'The token endpoint takes application/x-www-form-urlencoded and nothing else.',
    remedy: ['Send the header Content-Type: application/x-www-form-urlencoded.', 'Do not send JSON to the token endpoint.'],
    source: 'RFC 8693 §2.1',
  },
  REQUEST_TOO_LARGE: {
    summary: 'The request is larger than the service accepts.',
    cause: 'The body or message is over 64 KiB.',
    remedy: ['Send a smaller request.', 'If the subject token is large, ask its issuer for fewer group claims.'],
  },
  REQUEST_HEADERS_TOO_LARGE: {
    summary: 'The headers of the request are larger than the service accepts.',
    cause: 'The HTTP header block or the gRPC metadata is over 32 KiB.',
    remedy: ['Send fewer or smaller headers.', 'Put the subject token into the body, never into a header.'],
    source: 'RFC 6585 §5',
  },
  REQUEST_NOT_FOUND: {
    summary: 'There is nothing at this address.',
    cause: 'The path or the gRPC method does not exist.',
    remedy: ['Read the endpoints from /.well-known/oauth-authorization-server.'],
  },
  REQUEST_METHOD_NOT_ALLOWED: {
    summary: 'This address does not take this HTTP method.',
    cause: 'The token endpoint takes POST; published documents take GET and HEAD.',
    remedy: ['Use the method that the Allow header names.'],
    source: 'RFC 9110 §15.5.6',
  },
  REQUEST_DEADLINE_EXCEEDED: {
    summary: 'The request was not finished in time.',
    cause: 'The deadline of the caller, or the 10 s limit of the service, passed before an answer was ready.',
    remedy: [
      'Try again with a longer deadline.',
      'If it persists, the operator should look at database latency under the diagnostic id.',
    ],
  },
  GRANT_UNSUPPORTED: {
    summary: 'The grant type is not supported.',
    cause: 'The only grant here is urn:ietf:params:oauth:grant-type:token-exchange.',
    remedy: ['Send grant_type=urn:ietf:params:oauth:grant-type:token-exchange.'],
    source: 'RFC 8693 §2.1',
  },
  TOKEN_TYPE_UNSUPPORTED: {
    summary: 'The declared type of the token is not one that can be exchanged.',
    cause:
      'A subject token is an access token: …token-type:jwt or …token-type:access_token. ID tokens, refresh tokens and SAML are refused.',
    remedy: ['Send the access token of the identity provider with subject_token_type=urn:ietf:params:oauth:token-type:jwt.'],
    source: 'RFC 8693 §3',
  },
  REQUESTED_TOKEN_TYPE_UNSUPPORTED: {
    summary: 'The requested type of token is not issued here.',
    cause: 'Only access tokens are issued: …token-type:access_token or …token-type:jwt.',
    remedy: ['Leave requested_token_type out, or ask for urn:ietf:params:oauth:token-type:access_token.'],
    source: 'RFC 8693 §2.1',
  },
  IMPERSONATION_UNSUPPORTED: {
    summary: 'Another subject than that of the subject token cannot be asked for.',
    cause: 'The request carries requested_subject.',
    remedy: [
      'Leave the parameter out and exchange a token of the subject itself.',
      'To leave out who acts for the subject, send impersonation=true; the client needs a permission for it.',
    ],
    source: 'RFC 8693 §1.1',
  },
} as const satisfies Record<string, CatalogueEntry>;
