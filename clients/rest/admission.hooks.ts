import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AdmissionGate } from '../admission-gate.js';
import { isForClients } from './routes.js';

const PAYLOAD_AS_IT_IS: Promise<void> = Promise.resolve();

/**
 * Counts requests of clients from their headers to their answer. A caller that hangs up does not make room while its request is
 * still worked on, so that hanging up and asking again gets nobody past the limit.
 *
 * SECURITY: the answer ends the stay, not its way to the caller: an answer that waits behind another on a connection that broke is
 * never told that it was closed. The end of the connection counts for what had not come in whole.
 */
export function admitRequests(instance: FastifyInstance, gate: AdmissionGate): void {
  /** Of the requests that were let in, whether they are being worked on. */
  const stays = new WeakMap<FastifyRequest, boolean>();
  const leaveOnce = (request: FastifyRequest): void => {
    if (stays.delete(request)) gate.leave();
  };

  instance.addHook('onRequest', (request, reply, done) => {
    if (!isForClients(request.routeOptions.url)) {
      done();
      return;
    }
    try {
      gate.enter('rest');
    } catch (error) {
      done(error as Error);
      return;
    }
    stays.set(request, false);
    reply.raw.once('close', () => {
      if (stays.get(request) === false) leaveOnce(request);
    });
    done();
  });

  instance.addHook('preHandler', (request, _reply, done) => {
    if (stays.has(request)) stays.set(request, true);
    done();
  });

  instance.addHook('onSend', (request) => {
    leaveOnce(request);
    return PAYLOAD_AS_IT_IS;
  });
}
