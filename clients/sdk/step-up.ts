import { demanding } from './countersign-error.js';
import { SYSTEM_RUNTIME } from './runtime.js';
import type { VerifiedToken } from './verified-token.js';

/** How a user has to have signed in (RFC 9470). At least one of the two. */
export interface StepUp {
  /** Any of them. */
  readonly acrValues?: readonly string[];
  /** How long ago, at most: whole seconds. */
  readonly maxAgeSeconds?: number;
}

/** A clock of the identity provider may be ahead by as much as the service takes at most. */
const AHEAD_SECONDS = 300;
const ACR = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;

/** @throws TypeError when nothing is demanded, or nothing that can be */
export function checkStepUp({ acrValues, maxAgeSeconds }: StepUp): void {
  if (acrValues === undefined && maxAgeSeconds === undefined) throw new TypeError('demand acrValues, maxAgeSeconds or both');
  if (acrValues !== undefined && (acrValues.length === 0 || !acrValues.every((acr) => ACR.test(acr))))
    throw new TypeError('acrValues are words without blanks and quotes, at least one');
  if (maxAgeSeconds !== undefined && (!Number.isSafeInteger(maxAgeSeconds) || maxAgeSeconds < 0))
    throw new TypeError('maxAgeSeconds is a whole number of seconds');
}

/**
 * Passes where the user signed in strongly and lately enough. A token that does not say does not pass.
 *
 * @throws CountersignError `STEP_UP_REQUIRED`, which says what is demanded
 * @throws TypeError when nothing is demanded
 */
export function requireStepUp(token: Pick<VerifiedToken, 'acr' | 'authTime'>, stepUp: StepUp): void {
  checkStepUp(stepUp);
  const { acrValues, maxAgeSeconds } = stepUp;
  const strongEnough = acrValues === undefined || (token.acr !== null && acrValues.includes(token.acr));
  const lateEnough = maxAgeSeconds === undefined || isWithin(token.authTime, maxAgeSeconds);
  if (!strongEnough || !lateEnough) throw demanding('STEP_UP_REQUIRED', stepUp);
}

function isWithin(authTime: number | null, seconds: number): boolean {
  if (authTime === null) return false;
  const age = Math.floor(SYSTEM_RUNTIME.clock.now() / 1_000) - authTime;
  return age <= seconds && age >= -AHEAD_SECONDS;
}
