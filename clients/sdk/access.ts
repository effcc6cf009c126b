import { CountersignError } from './countersign-error.js';
import { checkPermissionNames, requirePermissions } from './permission-guards.js';
import { checkStepUp, requireStepUp, type StepUp } from './step-up.js';
import type { VerifiedToken } from './verified-token.js';
import type { Shown, Verifier } from './verifier.js';

/** Who may do one thing. Made by `permissions`, `authenticated` and `open` alone. */
export type Access =
  | { readonly kind: 'open' }
  | { readonly kind: 'authenticated'; readonly stepUp: StepUp | null }
  | { readonly kind: 'permissions'; readonly names: readonly string[]; readonly stepUp: StepUp | null };

/** What a request brought. */
export interface Presented {
  /** Every value of the header or metadata field, in order. */
  readonly authorization: readonly string[];
  readonly shown: Shown;
}

/** RFC 6750 §2.1. What is no scheme of this kind is no token; what is, has one form. */
const BEARER = /^bearer(?: |$)/i;
const CREDENTIALS = /^bearer ([\w.~+/-]+=*)$/i;

/**
 * Whoever holds every one of them.
 *
 * @throws TypeError when none is named, or what is named is no permission
 */
export function permissions(...names: readonly string[]): Access {
  checkPermissionNames(names);
  return { kind: 'permissions', names, stepUp: null };
}

/** Whoever has a good token of this audience, whatever it holds. */
export function authenticated(): Access {
  return { kind: 'authenticated', stepUp: null };
}

/** Everybody. No token is looked at. */
export function open(): Access {
  return { kind: 'open' };
}

/**
 * The same, by a user who signed in strongly or lately enough (RFC 9470).
 *
 * @throws TypeError when nothing is demanded, or everybody may
 */
export function steppedUp(access: Access, stepUp: StepUp): Access {
  if (access.kind === 'open') throw new TypeError('what everybody may do demands no sign-in');
  checkStepUp(stepUp);
  return { ...access, stepUp };
}

/**
 * The token that lets the request in, or `null` where everybody may.
 *
 * @throws CountersignError for everybody else, and where nothing was decided
 */
export async function admitted(
  verifier: Verifier,
  access: Access | undefined,
  presented: Presented,
): Promise<VerifiedToken | null> {
  // SECURITY: what nobody decided is for nobody.
  if (access === undefined) throw new CountersignError('ACCESS_UNDECIDED');
  if (access.kind === 'open') return null;
  const token = await verifier.verify(bearerIn(presented.authorization), presented.shown);
  if (access.kind === 'permissions') requirePermissions(token, ...access.names);
  if (access.stepUp !== null) requireStepUp(token, access.stepUp);
  return token;
}

function bearerIn([authorization, ...others]: readonly string[]): string {
  // SECURITY: a proxy could have gone by the other one.
  if (others.length > 0) throw new CountersignError('AUTHORIZATION_AMBIGUOUS');
  if (authorization === undefined || !BEARER.test(authorization)) throw new CountersignError('TOKEN_MISSING');
  const token = CREDENTIALS.exec(authorization)?.[1];
  if (token === undefined) throw new CountersignError('TOKEN_MALFORMED');
  return token;
}
