import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../access.js';
import { admittedToken } from '../admitted-tokens.js';
import { CountersignError } from '../countersign-error.js';
import { HttpGuard, type HttpGuardOptions } from '../http/http-guard.js';
import type { VerifiedToken } from '../verified-token.js';

export { type Access, authenticated, open, permissions, steppedUp } from '../access.js';
export { createVerifier, type Verifier, type VerifierOptions } from '../verifier.js';

export type NextFunction = (error?: unknown) => void;
/** As Express, Connect and everything of their kind call it. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: NextFunction) => void;
// eslint-disable-next-line max-params -- Express tells error handlers by their four parameters
export type ErrorMiddleware = (error: unknown, request: IncomingMessage, response: ServerResponse, next: NextFunction) => void;

export interface ExpressGuard {
  /** Lets in who may, and answers everybody else. */
  allow(access: Access): Middleware;
  /** Answers what handlers throw of `requirePermissions` and `requireStepUp`; hands on everything else. Put it last. */
  readonly refusals: ErrorMiddleware;
}

/** @throws TypeError when the settings could not be written into a header */
export function createExpressGuard(options: HttpGuardOptions): ExpressGuard {
  const guard = new HttpGuard(options);
  const refuse = (error: unknown, response: ServerResponse, next: NextFunction): void => {
    const refusal = error instanceof CountersignError ? guard.refusalOf(error) : undefined;
    if (refusal === undefined || response.headersSent) next(error);
    else response.writeHead(refusal.status, { ...refusal.headers }).end(refusal.body);
  };
  return {
    allow: (access) => (request, response, next) => {
      guard
        .admit(request, access)
        .then(
          () => {
            next();
          },
          (error: unknown) => {
            refuse(error, response, next);
          },
        )
        // What a handler throws at once comes back through `next` where the framework does not catch it.
        .catch(next);
    },
    // eslint-disable-next-line max-params -- Express tells error handlers by their four parameters
    refusals: (error, _request, response, next) => {
      refuse(error, response, next);
    },
  };
}

/**
 * Who makes the request.
 *
 * @throws TypeError when the route lets everybody in, or nobody guards it: the mistake is the program's
 */
export function tokenOf(request: IncomingMessage): VerifiedToken {
  const token = admittedToken(request);
  if (token === undefined) throw new TypeError('no guard let this request in');
  return token;
}
