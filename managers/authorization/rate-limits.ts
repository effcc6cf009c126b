import { CodedError } from '#utilities/errors/coded-error.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';
import type { RateLimiter } from '#utilities/resilience/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';

interface Dependencies {
  readonly clientRate: RateLimiter;
  readonly issuerRate: RateLimiter;
  readonly counters: Counters;
}

/**
 * SECURITY: both count what is proven: a client that is authenticated, an issuer whose token is valid. Whoever is not, can use up
 * nobody's allowance.
 */
export class RateLimits {
  constructor(private readonly deps: Dependencies) {}

  /** @throws CodedError `CLIENT_RATE_LIMITED` */
  client(clientId: string): void {
    this.take(this.deps.clientRate, clientId, 'CLIENT_RATE_LIMITED');
  }

  /** @throws CodedError `ISSUER_RATE_LIMITED` */
  issuer(name: string): void {
    this.take(this.deps.issuerRate, name, 'ISSUER_RATE_LIMITED');
  }

  private take(limiter: RateLimiter, key: string, code: ErrorCode): void {
    const retryAfterSeconds = limiter.take(key);
    if (retryAfterSeconds === null) return;
    this.deps.counters.increment('admission.limited', code);
    throw new CodedError(code, { retryAfterSeconds });
  }
}
