import type { VerifiedToken } from './verified-token.js';

/**
 * What was verified of a request, handed from whoever let it in to its handler. Keyed by the request or the metadata of the call
 * itself, so that nothing a caller sends can stand for it, and nothing is kept when it is over.
 */
const TOKENS = new WeakMap<object, VerifiedToken>();

export function keepAdmitted(request: object, token: VerifiedToken | null): void {
  if (token === null) TOKENS.delete(request);
  else TOKENS.set(request, token);
}

/** `undefined`: everybody may, or it never was let in. */
export function admittedToken(request: object): VerifiedToken | undefined {
  return TOKENS.get(request);
}
