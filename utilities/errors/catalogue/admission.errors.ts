import type { CatalogueEntry } from '../catalogue-entry.js';

/** More is asked for than is let through. */
export const ADMISSION_ERRORS = {
  SERVICE_OVERLOADED: {
    summary: 'The service has as much to do as it takes on at a time.',
    cause: 'As many requests are under way in this process as limits.concurrentRequests allows. Nothing was read of this one.',
    remedy: [
      'Try again after the time in Retry-After, with a random delay added.',
      'Operator: add a replica, or find who asks so much: the counter admission.shed.',
    ],
  },
  CLIENT_RATE_LIMITED: {
    summary: 'The client asks for more than its rate.',
    cause: 'The client made more requests than limits.perClientPerSecond, beyond a burst of two seconds.',
    remedy: [
      'Try again after the time in Retry-After.',
      'Keep issued tokens until shortly before they end instead of exchanging anew.',
    ],
  },
  ISSUER_RATE_LIMITED: {
    summary: 'More tokens of this issuer are exchanged than its rate.',
    cause: 'More valid tokens of one issuer were handed in than limits.perIssuerPerSecond, beyond a burst of two seconds.',
    remedy: ['Try again after the time in Retry-After.', 'Operator: raise the limit if these exchanges are meant.'],
  },
  KEY_WATCHERS_FULL: {
    summary: 'No further stream of key changes is opened.',
    cause:
      'As many streams are open in this process as grpcConnections.keyWatchers allows, or a quarter of them by this client alone.',
    remedy: [
      'Read the keys by GetJwks or from jwks_uri until a stream is free; try again after the time in RetryInfo.',
      'Keep one stream for each process of yours, and close those that nobody reads.',
      'Operator: raise grpcConnections.keyWatchers, or add a replica.',
    ],
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
