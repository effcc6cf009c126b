import type { FastifyInstance } from 'fastify';
import { isAccessPath } from '../routes.js';

/** SECURITY: nothing else is sent back that a caller chose. It goes into no log and into no record. */
const ECHOED = /^[\w.:~+/=@-]{1,128}$/;

/** AuthZEN 1.0 §10.1.3: the request's `X-Request-ID` is the answer's, whatever the answer is. */
export function echoRequestIds(instance: FastifyInstance): void {
  instance.addHook('onRequest', (request, reply, done) => {
    const id = request.headers['x-request-id'];
    if (typeof id === 'string' && isAccessPath(request.url) && ECHOED.test(id)) void reply.header('x-request-id', id);
    done();
  });
}
