import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AdmissionGate } from '../admission-gate.js';
import { isForClients } from './routes.js';

const PAYLOAD_AS_IT_IS: Promise<void> = Promise.resolve();

/** Where a request stands that was let in. */
interface Stay {
  hasAnswer: boolean;
  isClosed: boolean;
}

/**
 * Counts requests of clients from their headers to their answer. A caller that hangs up does not make room while its request is
 * still worked on, so that hanging up and asking again gets nobody past the limit.
 */
export function admitRequests(instance: FastifyInstance, gate: AdmissionGate): void {
  const stays = new WeakMap<FastifyRequest, Stay>();
  const leaveOnce = (request: FastifyRequest): void => {
    if (stays.delete(request)) gate.leave();
  };

  instance.addHook('onRequest', (request, reply, done) => {
    if (!isForClients(request.url)) {
      done();
      return;
    }
    try {
      gate.enter('rest');
    } catch (error) {
      done(error as Error);
      return;
    }
    const stay: Stay = { hasAnswer: true, isClosed: false };
    stays.set(request, stay);
    reply.raw.once('close', () => {
      stay.isClosed = true;
      if (stay.hasAnswer) leaveOnce(request);
    });
    done();
  });

  instance.addHook('preHandler', (request, _reply, done) => {
    const stay = stays.get(request);
    if (stay !== undefined) stay.hasAnswer = false;
    done();
  });

  instance.addHook('onSend', (request) => {
    const stay = stays.get(request);
    if (stay !== undefined) {
      stay.hasAnswer = true;
      if (stay.isClosed) leaveOnce(request);
    }
    return PAYLOAD_AS_IT_IS;
  });
}
