import { ServerInterceptingCall, type ServerInterceptingCallInterface, type ServerInterceptor } from '@grpc/grpc-js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { AdmissionGate } from '../admission-gate.js';
import { toCodedError } from '../coded-error-of.js';
import type { ErrorPlaces } from '../error-places.js';
import { MessagePatience } from './message-patience.js';
import { accessOf } from './method-access.js';
import { statusOf } from './status.js';

interface AdmissionDeps {
  readonly gate: AdmissionGate;
  readonly ids: IdSource;
  readonly places: ErrorPlaces;
  readonly patience?: MessagePatience;
}

/**
 * Counts calls of clients from their metadata to their status. It stands before authentication: what is refused here costs neither a
 * comparison nor a query. A call that is cancelled while its handler runs is counted until the handler has ended.
 *
 * SECURITY: what has begun and is never finished would be counted for ever: a few hundred such calls of one client would leave no
 * room for anybody. It is refused once its patience is over.
 */
export function admissionInterceptor({ gate, ids, places, patience = new MessagePatience() }: AdmissionDeps): ServerInterceptor {
  const giveUp = (call: Pick<ServerInterceptingCallInterface, 'sendStatus'>): void => {
    call.sendStatus(statusOf(new CodedError('REQUEST_DEADLINE_EXCEEDED'), ids.random(), places));
  };
  return (method, call) => {
    if (accessOf(method.path).kind !== 'client') return new ServerInterceptingCall(call);
    let isInside = false;
    let isWorkedOn = false;
    let heard = (): void => undefined;
    const leaveOnce = (): void => {
      if (!isInside) return;
      isInside = false;
      heard();
      gate.leave();
    };
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, proceed) => {
            try {
              gate.enter('grpc');
            } catch (error) {
              call.sendStatus(statusOf(toCodedError(error), ids.random(), places));
              return;
            }
            isInside = true;
            heard = patience.await(() => {
              leaveOnce();
              giveUp(call);
            });
            proceed(metadata);
          },
          onReceiveHalfClose: (proceed) => {
            isWorkedOn = true;
            heard();
            proceed();
          },
          onCancel: () => {
            // Of a stream that is cancelled before its first message nothing is sent any more, not even its end.
            if (!isWorkedOn || method.responseStream) leaveOnce();
          },
        });
      },
      // SECURITY: of a call that was cancelled, no status is sent any more once its answer has been: the answer itself ends it.
      sendMessage: (message, proceed) => {
        leaveOnce();
        proceed(message);
      },
      sendStatus: (status, proceed) => {
        leaveOnce();
        proceed(status);
      },
    });
  };
}
