import type { ErrorCode } from '#utilities/errors/catalogue.js';

/** How one code is told over each protocol. */
export interface WireError {
  /** `error` of RFC 6749 §5.2, RFC 8693 §2.2.2. */
  readonly oauth:
    | 'invalid_request'
    | 'invalid_client'
    | 'invalid_target'
    | 'invalid_scope'
    | 'invalid_token'
    | 'insufficient_scope'
    /** RFC 9449 §5, §8. */
    | 'invalid_dpop_proof'
    | 'use_dpop_nonce'
    | 'unauthorized_client'
    | 'unsupported_grant_type'
    | 'temporarily_unavailable'
    | 'server_error';
  readonly http: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 431 | 500 | 503;
  readonly grpc:
    | 'INVALID_ARGUMENT'
    | 'DEADLINE_EXCEEDED'
    | 'PERMISSION_DENIED'
    | 'NOT_FOUND'
    | 'ABORTED'
    | 'FAILED_PRECONDITION'
    | 'RESOURCE_EXHAUSTED'
    | 'UNIMPLEMENTED'
    | 'INTERNAL'
    | 'UNAVAILABLE'
    | 'UNAUTHENTICATED';
}

const malformed: WireError = { oauth: 'invalid_request', http: 400, grpc: 'INVALID_ARGUMENT' };
/** RFC 8693 §2.2.2: whatever is wrong with a token that is a parameter, the client's own credential is good. */
const badToken = malformed;
const refused: WireError = { oauth: 'invalid_request', http: 400, grpc: 'PERMISSION_DENIED' };
const badTarget: WireError = { oauth: 'invalid_target', http: 400, grpc: 'INVALID_ARGUMENT' };
const refusedScope: WireError = { oauth: 'invalid_scope', http: 400, grpc: 'PERMISSION_DENIED' };
const unknown: WireError = { oauth: 'invalid_request', http: 404, grpc: 'NOT_FOUND' };
/** Somebody else was first: look again. */
const conflict: WireError = { oauth: 'invalid_request', http: 409, grpc: 'ABORTED' };
const away: WireError = { oauth: 'temporarily_unavailable', http: 503, grpc: 'UNAVAILABLE' };
const throttled: WireError = { oauth: 'temporarily_unavailable', http: 429, grpc: 'RESOURCE_EXHAUSTED' };
const fault: WireError = { oauth: 'server_error', http: 500, grpc: 'INTERNAL' };

/** Complete by type: a code without a line here does not compile. */
export const ERROR_MAPPING = {
  REQUEST_MALFORMED: malformed,
  REQUEST_PARAMETER_MISSING: malformed,
  REQUEST_PARAMETER_REPEATED: malformed,
  REQUEST_PARAMETER_INVALID: malformed,
  REQUEST_CONTENT_TYPE_UNSUPPORTED: { oauth: 'invalid_request', http: 415, grpc: 'INVALID_ARGUMENT' },
  REQUEST_TOO_LARGE: { oauth: 'invalid_request', http: 413, grpc: 'RESOURCE_EXHAUSTED' },
  REQUEST_HEADERS_TOO_LARGE: { oauth: 'invalid_request', http: 431, grpc: 'RESOURCE_EXHAUSTED' },
  REQUEST_NOT_FOUND: { oauth: 'invalid_request', http: 404, grpc: 'UNIMPLEMENTED' },
  REQUEST_METHOD_NOT_ALLOWED: { oauth: 'invalid_request', http: 405, grpc: 'UNIMPLEMENTED' },
  REQUEST_DEADLINE_EXCEEDED: { oauth: 'temporarily_unavailable', http: 503, grpc: 'DEADLINE_EXCEEDED' },
  CLIENT_ASSERTION_REPEATED: { oauth: 'invalid_client', http: 401, grpc: 'UNAUTHENTICATED' },
  REPLAY_UNCHECKED: away,
  DPOP_PROOF_INVALID: { oauth: 'invalid_dpop_proof', http: 400, grpc: 'UNAUTHENTICATED' },
  DPOP_NONCE_REQUIRED: { oauth: 'use_dpop_nonce', http: 400, grpc: 'UNAUTHENTICATED' },
  CLIENT_CERTIFICATE_NOT_TAKEN: malformed,
  BINDING_REQUIRED: malformed,
  BINDING_NOT_SHOWN: badToken,
  REVOCATIONS_UNKNOWN: away,
  SERVICE_OVERLOADED: away,
  CLIENT_RATE_LIMITED: throttled,
  ISSUER_RATE_LIMITED: throttled,
  KEY_WATCHERS_FULL: throttled,
  REVOCATIONS_FULL: throttled,
  TOKEN_REVOKED: badToken,
  ACTOR_TOKEN_INVALID: badToken,
  DELEGATION_NOT_ALLOWED: refused,
  DELEGATION_TOO_DEEP: refused,
  IMPERSONATION_NOT_ALLOWED: refused,
  GRANT_UNSUPPORTED: { oauth: 'unsupported_grant_type', http: 400, grpc: 'INVALID_ARGUMENT' },
  TOKEN_TYPE_UNSUPPORTED: malformed,
  REQUESTED_TOKEN_TYPE_UNSUPPORTED: malformed,
  IMPERSONATION_UNSUPPORTED: malformed,

  CLIENT_ASSERTION_INVALID: { oauth: 'invalid_client', http: 401, grpc: 'UNAUTHENTICATED' },
  CLIENT_UNKNOWN: unknown,
  CLIENT_INVALID: malformed,
  CLIENT_UNAUTHENTICATED: { oauth: 'invalid_client', http: 401, grpc: 'UNAUTHENTICATED' },
  CLIENT_AUTHENTICATION_AMBIGUOUS: malformed,
  TARGET_MISSING: badTarget,
  TARGET_MALFORMED: badTarget,
  TARGET_AMBIGUOUS: badTarget,
  TARGET_UNKNOWN: badTarget,
  TARGET_NOT_ALLOWED: { oauth: 'invalid_target', http: 400, grpc: 'PERMISSION_DENIED' },
  SCOPE_UNKNOWN: { oauth: 'invalid_scope', http: 400, grpc: 'INVALID_ARGUMENT' },
  SCOPE_NOT_ALLOWED: refusedScope,
  SCOPE_NOT_HELD: refusedScope,

  TOKEN_MALFORMED: badToken,
  TOKEN_TOO_LARGE: badToken,
  TOKEN_HEADER_FORBIDDEN: badToken,
  TOKEN_ALGORITHM_NOT_ALLOWED: badToken,
  TOKEN_KEY_ID_MISSING: badToken,
  TOKEN_KEY_UNKNOWN: badToken,
  TOKEN_KEY_ISSUER_MISMATCH: badToken,
  TOKEN_SIGNATURE_INVALID: badToken,
  ISSUER_UNTRUSTED: badToken,
  ISSUER_VERSION_MISMATCH: badToken,
  ISSUER_CLOUD_MISMATCH: badToken,
  TOKEN_FOR_GRAPH: badToken,
  TOKEN_FOR_OTHER_RESOURCE: badToken,
  TOKEN_AUDIENCE_MISMATCH: badToken,
  TOKEN_CLAIM_INVALID: badToken,
  TOKEN_EXPIRED: badToken,
  TOKEN_EXPIRES_TOO_SOON: badToken,
  TOKEN_NOT_YET_VALID: badToken,
  TOKEN_TOO_OLD: badToken,
  TOKEN_TYPE_MISMATCH: badToken,
  TOKEN_IS_ID_TOKEN: badToken,
  TOKEN_IS_OURS: badToken,
  TOKEN_SENDER_CONSTRAINED: badToken,
  TOKEN_TENANT_MISMATCH: badToken,
  TOKEN_PRESENTER_CONFLICT: badToken,
  TOKEN_PRESENTER_MISMATCH: refused,
  TOKEN_CONDITION_UNMET: refused,
  TOKEN_KIND_NOT_ACCEPTED: refused,
  TOKEN_PERSONAL_ACCOUNT: refused,
  TOKEN_GUEST_REFUSED: refused,
  TOKEN_AGENT_REFUSED: refused,
  TOKEN_APP_WITHOUT_ROLES: refused,
  TOKEN_WITHOUT_SERVICE_PRINCIPAL: refused,
  TOKEN_SCOPE_MISSING: refused,
  TOKEN_ROLE_MISSING: refused,
  TOKEN_PRESENTER_NOT_ALLOWED: refused,
  TOKEN_PRESENTER_WEAK: refused,
  TOKEN_STEP_UP_REQUIRED: refused,
  ISSUER_KEYS_UNAVAILABLE: away,

  TENANT_UNRESOLVED: refused,
  TENANT_AMBIGUOUS: malformed,
  TENANT_NOT_ALLOWED: refused,
  TENANT_SUSPENDED: refused,
  SUBJECT_DISABLED: refused,
  GROUPS_OVERAGE_UNRESOLVED: badToken,
  PERMISSIONS_TOO_MANY: refusedScope,
  PERMISSION_NONE: refused,
  CHECK_NOT_ALLOWED: { oauth: 'invalid_request', http: 403, grpc: 'PERMISSION_DENIED' },
  CHECK_TOKEN_INVALID: badToken,
  CONSISTENCY_TOKEN_INVALID: malformed,
  CONSISTENCY_UNAVAILABLE: away,
  PERMISSIONS_CHANGING: away,
  OPERATOR_UNAUTHENTICATED: { oauth: 'invalid_token', http: 401, grpc: 'UNAUTHENTICATED' },
  OPERATOR_NOT_PERMITTED: { oauth: 'insufficient_scope', http: 403, grpc: 'PERMISSION_DENIED' },

  POLICY_INVALID: malformed,
  POLICY_UNKNOWN: unknown,
  POLICY_CHANGED: conflict,
  PLAN_UNKNOWN: unknown,
  LIVE_DATA_INVALID: malformed,
  LIVE_DATA_UNKNOWN: unknown,
  PLAN_REFUSED: { oauth: 'invalid_request', http: 409, grpc: 'FAILED_PRECONDITION' },
  SUBJECT_UNKNOWN: unknown,

  STORE_UNAVAILABLE: away,
  AUDIT_UNAVAILABLE: away,
  SIGNING_UNAVAILABLE: away,
  DIRECTORY_UNAVAILABLE: away,
  SERVICE_STOPPING: away,
  INTERNAL: fault,

  SIGNING_THROTTLED: throttled,
  VAULT_FIREWALL_PUBLIC_ADDRESS: away,
  VAULT_FIREWALL_PRIVATE_ADDRESS: away,
  VAULT_PRIVATE_ENDPOINT_NOT_APPROVED: away,
  VAULT_PUBLIC_ACCESS_DISABLED: away,
  VAULT_ROLE_MISSING: away,
  VAULT_ACCESS_POLICY_MISSING: away,
  VAULT_FORBIDDEN: away,
  VAULT_KEY_NOT_FOUND: away,
  VAULT_KEY_DELETED: away,
  VAULT_KEY_DISABLED: away,
  VAULT_OPERATION_REFUSED: away,
  VAULT_CONFLICT: away,
  VAULT_THROTTLED: throttled,
  VAULT_UNAUTHENTICATED: away,
  VAULT_CREDENTIAL_REFUSED: away,
  VAULT_CHALLENGE_UNTRUSTED: away,
  VAULT_NAME_UNRESOLVED: away,
  VAULT_TIMEOUT: away,
  VAULT_UNREACHABLE: away,
  VAULT_UNAVAILABLE: away,
  VAULT_ANSWER_INVALID: away,

  CONFIG_INVALID: fault,
  CONFIG_PLAINTEXT_REFUSED: fault,
  KEY_ENCRYPTION_KEY_MISSING: fault,
  KEY_ENCRYPTION_KEY_INSECURE: fault,
  KEY_UNSEAL_FAILED: fault,
  KEYRING_CHANGED: conflict,
  KEYRING_MOVE_REFUSED: malformed,
  KEYRING_RESTORED: fault,
  KEYRING_FLOOR_UNREADABLE: fault,
  KEY_UNKNOWN: malformed,
  KEY_IMPORT_REFUSED: malformed,
  DATA_DIRECTORY_LOCKED: fault,
  SCHEMA_OUTDATED: fault,
  DATABASE_ROLE_UNSAFE: fault,
  IMPORT_INVALID: fault,
  ISSUER_INVALID: fault,
  ISSUER_UNKNOWN: fault,
  ISSUER_CHANGED: fault,
  DEVKIT_REFUSED: fault,
  OPERATOR_ALREADY_APPOINTED: fault,
  PLUGIN_CARDINALITY: fault,
} as const satisfies Record<ErrorCode, WireError>;
