import { CodedError } from '#utilities/errors/coded-error.js';
import type { Counters } from '#utilities/telemetry/contract.js';

interface Dependencies {
  /** Requests that are worked on at a time, over all transports. */
  readonly limit: number;
  readonly counters: Counters;
}

/**
 * How many requests of clients are worked on at a time. What is over it is refused before anything of it is read: a process that
 * takes on everything finishes nothing. Documents that verifiers read, health and operators pass by.
 */
export class AdmissionGate {
  private underway = 0;

  constructor(private readonly deps: Dependencies) {}

  /** Every call that does not throw is followed by one `leave`. @throws CodedError `SERVICE_OVERLOADED` */
  enter(transport: 'rest' | 'grpc'): void {
    if (this.underway >= this.deps.limit) {
      this.deps.counters.increment('admission.shed', transport);
      throw new CodedError('SERVICE_OVERLOADED', { retryAfterSeconds: 1 });
    }
    this.underway += 1;
  }

  leave(): void {
    this.underway -= 1;
  }

  /** Requests under way. */
  get load(): number {
    return this.underway;
  }
}
