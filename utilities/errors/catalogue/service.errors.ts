import type { CatalogueEntry } from '../catalogue-entry.js';

/** Something here cannot do its work at the moment. */
export const SERVICE_ERRORS = {
  STORE_UNAVAILABLE: {
    summary: 'The service cannot reach its database.',
    cause: 'PostgreSQL is down, unreachable or too slow, or its state could not be confirmed for too long.',
    remedy: [
      'Try again after the time in Retry-After.',
      'Operator: check PostgreSQL and the connection under the diagnostic id.',
    ],
  },
  AUDIT_UNAVAILABLE: {
    summary: 'The decision could not be recorded, so nothing was issued.',
    cause: 'The audit record could not be made durable.',
    remedy: ['Try again after the time in Retry-After.', 'Operator: check PostgreSQL, its disk and its write-ahead log.'],
  },
  SIGNING_UNAVAILABLE: {
    summary: 'The service cannot sign tokens right now.',
    cause: 'No active signing key, or the key could not be unsealed.',
    remedy: [
      'Try again after the time in Retry-After.',
      'Operator: read the log under the diagnostic id; check the key-encryption key.',
    ],
  },
  DIRECTORY_UNAVAILABLE: {
    summary: 'The directory that knows the group memberships of the subject does not answer right now.',
    cause: 'The token leaves its groups out, roles depend on them, and the directory is down, slow or throttles this service.',
    remedy: [
      'Try again after the time in Retry-After.',
      'Operator: read the log under the diagnostic id; check the way to the login host and to Microsoft Graph.',
    ],
  },
  SERVICE_STOPPING: {
    summary: 'This instance is shutting down.',
    cause: 'The process was told to stop and takes no new work.',
    remedy: ['Try again; another instance will answer.'],
  },
  INTERNAL: {
    summary: 'Something went wrong here.',
    cause: 'A fault in the service.',
    remedy: ['Report the diagnostic id to the operator, who finds the fault in the log under it.'],
  },
} as const satisfies Record<string, CatalogueEntry>;
