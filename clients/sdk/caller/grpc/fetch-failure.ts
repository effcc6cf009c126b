import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { CountersignError } from '../../countersign-error.js';

/** About a token or a proof: other credentials would help. */
const ABOUT_CREDENTIALS = /^(TOKEN|CLIENT|ACTOR|BINDING|DPOP|ISSUER)_/;
/** By the metadata of the status, which is the same object in the error that the program gets. */
const errors = new WeakMap<Metadata, CountersignError>();

/**
 * The status of a call that was not made, for want of a token: UNAVAILABLE, UNAUTHENTICATED or PERMISSION_DENIED, and nothing else.
 * grpc-js turns other codes of a token fetch into INTERNAL, and a program would retry what cannot succeed.
 */
export function fetchFailure(error: unknown): StatusObject {
  const metadata = new Metadata();
  if (!(error instanceof CountersignError)) {
    // A mistake of this program: no retry would help, and its text may say too much.
    const details = error instanceof TypeError ? error.message : 'There was no token for the call.';
    return { code: status.UNAUTHENTICATED, details, metadata };
  }
  errors.set(metadata, error);
  return { code: codeOf(error), details: `${error.reason}: ${error.message}`, metadata };
}

/** Why a call was not made. `undefined`: it was made. */
export function fetchErrorOf(metadata: Metadata): CountersignError | undefined {
  return errors.get(metadata);
}

function codeOf({ retryable, reason }: CountersignError): status {
  if (retryable) return status.UNAVAILABLE;
  return ABOUT_CREDENTIALS.test(reason) ? status.UNAUTHENTICATED : status.PERMISSION_DENIED;
}
