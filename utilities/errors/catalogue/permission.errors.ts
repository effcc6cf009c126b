import type { CatalogueEntry } from '../catalogue-entry.js';

/** Who the subject is here, and what it may do. */
export const PERMISSION_ERRORS = {
  TENANT_UNRESOLVED: {
    summary: 'No tenant is configured for this subject token.',
    cause: 'No tenant rule of the issuer matches the claims of the token.',
    remedy: ['Add a tenant rule to the issuer.'],
  },
  TENANT_AMBIGUOUS: {
    summary: 'The subject token fits several tenants.',
    cause: 'More than one tenant rule of the issuer matches, and the request does not name one.',
    remedy: ['Send the tenant parameter.'],
  },
  TENANT_NOT_ALLOWED: {
    summary: 'The subject token does not belong to the requested tenant.',
    cause: 'The tenant parameter names a tenant that no rule of the issuer gives for this token.',
    remedy: ['Leave the tenant parameter out, or send a tenant that the token belongs to.'],
  },
  TENANT_SUSPENDED: {
    summary: 'The tenant is suspended.',
    cause: 'The tenant of the subject is not active.',
    remedy: ['Ask the operator of this service.'],
  },
  SUBJECT_DISABLED: {
    summary: 'The subject is disabled.',
    cause: 'The subject is registered here and its status is disabled.',
    remedy: ['Ask the administrator of the tenant.'],
  },
  GROUPS_OVERAGE_UNRESOLVED: {
    summary: 'The groups of the subject are not in its token and could not be resolved.',
    cause:
      'The identity provider left the groups out because there are too many, roles are mapped from groups, and no directory is configured or it cannot tell.',
    remedy: [
      'Have the identity provider emit only the groups assigned to the application.',
      'Or use app roles instead of groups.',
      'Operator: configure a directory; where there is one, read directory.unresolved in the log under the diagnostic id.',
    ],
    source: 'Microsoft identity platform, groups overage claim',
  },
  OPERATOR_UNAUTHENTICATED: {
    summary: 'The operator could not be authenticated.',
    cause: 'No bearer token, or one that is not a current token of this service for the audience countersign.',
    remedy: [
      'Exchange your own token with audience=countersign and tenant=platform, and send the issued token as Authorization: Bearer.',
      'If you are not an operator yet, ask one to assign you a role in the tenant platform.',
    ],
    source: 'RFC 6750 §3.1',
  },
  OPERATOR_NOT_PERMITTED: {
    summary: 'The operator may not do this.',
    cause: 'The token is good, but it does not hold the permission that the error names.',
    remedy: ['Ask an operator for a role that grants the permission, then exchange a new token.'],
    source: 'RFC 6750 §3.1',
  },
  PERMISSIONS_TOO_MANY: {
    summary: 'The permissions do not fit into a token.',
    cause: 'The token would be longer than 16 KiB, which verifiers and proxies refuse.',
    remedy: [
      'Ask for less by the scope parameter: what the call at hand needs.',
      'Split the application, or name fewer permissions.',
    ],
  },
  PERMISSION_NONE: {
    summary: 'The subject has no permission at this target.',
    cause:
      'No role that is assigned to the subject or mapped from its token grants a permission of the application within what the client may ask for.',
    remedy: [
      'Assign the subject a role that grants a permission of the application.',
      'For an exchange on behalf of a subject, check the delegation ceiling of the client: it is empty by default.',
    ],
    source: 'RFC 8693 §2.2.2',
  },
} as const satisfies Record<string, CatalogueEntry>;
