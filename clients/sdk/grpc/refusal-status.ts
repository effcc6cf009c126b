import { randomBytes } from 'node:crypto';
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { CountersignError, helpUrlAt } from '../countersign-error.js';
import { challengeFor, type ChallengeSettings, refusalKind, type RefusalKind } from '../refusal.js';
import { encodeRpcStatus } from './rpc-status.js';

export interface RefusalSettings extends ChallengeSettings {
  /** What `Help` leads to begins with it. */
  readonly helpBase: string;
}

const DOMAIN = 'countersign';
const RETRY_SECONDS = 5;

const CODES: Readonly<Record<RefusalKind, status>> = {
  ambiguous: status.UNAUTHENTICATED,
  missing: status.UNAUTHENTICATED,
  'invalid-token': status.UNAUTHENTICATED,
  'step-up': status.UNAUTHENTICATED,
  permission: status.PERMISSION_DENIED,
  undecided: status.PERMISSION_DENIED,
  later: status.UNAVAILABLE,
};

/**
 * A refusal as gRPC says it: code and safe message, in `grpc-status-details-bin` a `google.rpc.Status` with `ErrorInfo`, `Help` and,
 * for what may pass, `RetryInfo`; and a `www-authenticate` trailer (AIP-193). `undefined`: the error is not about who called.
 */
export function refusalStatus(error: CountersignError, settings: RefusalSettings): StatusObject | undefined {
  const kind = refusalKind(error);
  if (kind === undefined) return undefined;
  const metadata = new Metadata();
  const details = encodeRpcStatus({
    code: CODES[kind],
    message: error.message,
    errorInfo: {
      reason: error.reason,
      domain: DOMAIN,
      metadata: { code: error.reason, diagnostic_id: error.diagnosticId },
    },
    help: { description: 'What it means and what to do', url: helpUrlAt(settings.helpBase, error) },
    retryDelaySeconds: kind === 'later' ? (error.retryAfterSeconds ?? RETRY_SECONDS) : undefined,
  });
  metadata.set('grpc-status-details-bin', details);
  const challenge = challengeFor(error, settings);
  if (challenge !== undefined) metadata.set('www-authenticate', challenge);
  return { code: CODES[kind], details: error.message, metadata };
}

/** What is told of an error that is nobody else's business: an id, by which whoever is told of the error finds it. */
export function failureStatus(error: unknown, tell: (error: unknown, errorId: string) => void = () => undefined): StatusObject {
  const errorId = randomBytes(16).toString('hex');
  const isPassing = error instanceof CountersignError && error.retryable;
  tell(error, errorId);
  const metadata = new Metadata();
  metadata.set('error-id', errorId);
  return { code: isPassing ? status.UNAVAILABLE : status.INTERNAL, details: 'The call failed.', metadata };
}
