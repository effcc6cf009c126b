import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Access } from '../access.js';
import { admittedToken } from '../admitted-tokens.js';
import { CountersignError } from '../countersign-error.js';
import { HttpGuard, type HttpGuardOptions } from '../http/http-guard.js';
import type { VerifiedToken } from '../verified-token.js';

export { type Access, authenticated, open, permissions, steppedUp } from '../access.js';
export { createVerifier, type Verifier, type VerifierOptions } from '../verifier.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route: `permissions(…)`, `authenticated()` or `open()`. */
    access?: Access;
  }
}

/**
 * Guards every route that is registered after it, in every scope. A route says who may call it in `config.access`; one that does not
 * is not registered: the start fails. Await it before the first route.
 *
 * @throws TypeError when the settings could not be written into a header
 */
export async function countersignFastify(app: FastifyInstance, options: HttpGuardOptions): Promise<void> {
  const guard = new HttpGuard(options);
  app.addHook('onRoute', refuseUndecided);
  // SECURITY: with a callback, which is not called for whoever is refused. A promise would be settled when the connection breaks off, and
  // where the answer is still with a hook then, Fastify would go on to the handler.
  app.addHook('onRequest', (request, reply, goOn) => {
    // Nothing is there; there is nothing to guard.
    if (request.is404) {
      goOn();
      return;
    }
    guard.admit(request.raw, request.routeOptions.config.access).then(
      () => {
        goOn();
      },
      (error: unknown) => {
        // Here and not in an error handler, which anybody may replace.
        if (!refuse(guard, error, reply)) goOn(error as Error);
      },
    );
  });
  app.setErrorHandler(async (error, _request, reply) => {
    if (!refuse(guard, error, reply)) throw error;
    await reply;
  });
}

/** Fastify gives a plug-in a scope of its own, unless it says that it wants none. */
Object.assign(countersignFastify, { [Symbol.for('skip-override')]: true });

/**
 * Who makes the request.
 *
 * @throws TypeError when the route lets everybody in: the mistake is the program's
 */
export function tokenOf(request: FastifyRequest): VerifiedToken {
  const token = admittedToken(request.raw);
  if (token === undefined) throw new TypeError('no guard let this request in');
  return token;
}

function refuseUndecided({ method, url, config }: RouteOptions): void {
  if (config?.access !== undefined) return;
  throw new TypeError(
    `${String(method)} ${url}: say who may call it, { config: { access: permissions('app:thing:verb') } }, authenticated() or open()`,
  );
}

function refuse(guard: HttpGuard, error: unknown, reply: FastifyReply): boolean {
  const refusal = error instanceof CountersignError ? guard.refusalOf(error) : undefined;
  if (refusal === undefined) return false;
  void reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
  return true;
}
