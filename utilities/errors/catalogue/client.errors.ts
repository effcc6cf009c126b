import type { CatalogueEntry } from '../catalogue-entry.js';

/** Who calls, and for which target. */
export const CLIENT_ERRORS = {
  CLIENT_UNAUTHENTICATED: {
    summary: 'The client could not be authenticated.',
    cause:
      'No client credentials and no public client that the subject token names, an unknown or disabled client, a wrong or expired secret, a certificate that is not registered, a way to authenticate that is not listed for the client, or a malformed Authorization value.',
    remedy: [
      'Send client_id and client_secret by HTTP Basic (percent-encode both first, RFC 6749 §2.3.1) or in the form; over gRPC in the authorization metadata.',
      'Check that the client is registered, active, may authenticate in this way, and that its secret has not been replaced.',
      'For a page or an app: register it as a public client with the id (azp, appid) that its tokens are issued to.',
    ],
    source: 'RFC 6749 §5.2',
  },
  CLIENT_AUTHENTICATION_AMBIGUOUS: {
    summary: 'The request authenticates the client in more than one way.',
    cause:
      'Credentials are in two of the Authorization header, the secret of the form and the client assertion, or they name different clients.',
    remedy: ['Use exactly one method of client authentication.'],
    source: 'RFC 6749 §2.3',
  },
  TARGET_MISSING: {
    summary: 'The request names no target and the client has no single default.',
    cause: 'Neither audience nor resource was sent, and the client may call none or several applications.',
    remedy: ['Send audience with the exact audience of the application.'],
    source: 'RFC 8693 §2.2.2',
  },
  TARGET_MALFORMED: {
    summary: 'A resource is not an absolute URI without a fragment.',
    cause: 'The resource parameter is relative, is not a URI, or has a fragment.',
    remedy: ['Send the absolute URI of the application, or use the audience parameter.'],
    source: 'RFC 8707 §2',
  },
  TARGET_AMBIGUOUS: {
    summary: 'The request names two different targets.',
    cause: 'audience and resource, or repeats of them, name different applications; an issued token has exactly one audience.',
    remedy: ['Ask for one token for each application.'],
    source: 'RFC 8693 §2.2.2',
  },
  TARGET_UNKNOWN: {
    summary: 'The target is not a registered application.',
    cause: 'No application has exactly this audience; case and a trailing slash count.',
    remedy: ['Send the audience exactly as the application registered it.', 'Register the application.'],
    source: 'RFC 8693 §2.2.2',
  },
  TARGET_NOT_ALLOWED: {
    summary: 'The client may not ask for tokens for this target.',
    cause: 'The application exists, but it is not among the targets of the client.',
    remedy: ['Ask the operator to add the application to the targets of the client.'],
    source: 'RFC 8693 §2.2.2',
  },
  SCOPE_UNKNOWN: {
    summary: 'A scope value means nothing at this target.',
    cause: 'A scope value is neither a permission of the application nor a pattern that matches one.',
    remedy: ['Send permission names or patterns of the target application, separated by single spaces.'],
    source: 'RFC 6749 §5.2',
  },
  SCOPE_NOT_ALLOWED: {
    summary: 'The client may not ask for this scope.',
    cause: 'A scope value reaches outside the scopes that the client is registered with for this target.',
    remedy: ['Ask for less, or ask the operator to widen the registration of the client.'],
    source: 'RFC 6749 §5.2',
  },
  SCOPE_NOT_HELD: {
    summary: 'None of the requested scope is held.',
    cause:
      'The scope is known and allowed, but the subject holds no permission in it, or the client may exercise none of it for others.',
    remedy: [
      'Assign the subject a role that grants it.',
      'For an exchange on behalf of a subject, widen the delegation ceiling of the client.',
    ],
    source: 'RFC 8693 §2.2.2',
  },
} as const satisfies Record<string, CatalogueEntry>;
