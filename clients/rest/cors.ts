import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuthorizationManager } from '#managers/authorization/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';

/** A serialised origin (RFC 6454 §6.2) of what is worth asking about; `null`, lists and the rest are not. */
const ORIGIN = /^https?:\/\/[a-z0-9.\-:[\]]{1,255}$/;

/** What a browser may send besides what every form has, and how long it may remember that. */
const ALLOWED_HEADERS = 'Content-Type, DPoP';
const REMEMBERED_SECONDS = '600';
/** What a page has to be able to read: the nonce for its next proof, and when to come back. */
const EXPOSED_HEADERS = 'DPoP-Nonce, Retry-After, WWW-Authenticate';

/**
 * Lets pages of listed origins call what public clients call (Fetch §3.3): of those clients alone, without credentials of the browser.
 *
 * SECURITY: an origin is compared exactly with what is registered and never echoed otherwise. Who may have a token is not decided
 * here; this decides which pages may read the answer.
 */
export class Cors {
  constructor(private readonly manager: Pick<AuthorizationManager, 'allowsOrigin'>) {}

  /** Marks the answer for the origin of the request, before anything can go wrong with it; at once where it has none. */
  mark(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined {
    // Whatever the answer is, it may be another for another origin.
    void reply.header('vary', 'Origin');
    return request.headers.origin === undefined ? undefined : this.markFor(request, reply);
  }

  private async markFor(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const origin = await this.listedOrigin(request);
    if (origin === undefined) return;
    void reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', EXPOSED_HEADERS);
  }

  /** Answers a preflight. One of an origin that is not listed allows nothing. */
  async preflight(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const asked = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
    void reply.header('vary', asked).header('cache-control', 'no-store').header('allow', 'POST, OPTIONS');
    const origin = await this.listedOrigin(request);
    if (origin !== undefined && request.headers['access-control-request-method'] === 'POST') {
      void reply
        .header('access-control-allow-origin', origin)
        .header('access-control-allow-methods', 'POST')
        .header('access-control-allow-headers', ALLOWED_HEADERS)
        .header('access-control-max-age', REMEMBERED_SECONDS);
    }
    void reply.code(204).send();
  }

  /** With the store away nobody is listed; the request itself says why. */
  private async listedOrigin(request: FastifyRequest): Promise<string | undefined> {
    const { origin } = request.headers;
    if (typeof origin !== 'string' || !ORIGIN.test(origin)) return undefined;
    try {
      return (await this.manager.allowsOrigin({ diagnosticId: request.id, transport: 'rest' }, origin)) ? origin : undefined;
    } catch (error) {
      if (isCodedError(error)) return undefined;
      throw error;
    }
  }
}
