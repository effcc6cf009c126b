import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status as GrpcStatus,
} from '@grpc/grpc-js';
import type { AuthorizationManager, ClientCredentials } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import { operatorToken } from '../bearer-token.js';
import { CallWaiter } from '../call.waiter.js';
import { toCodedError } from '../coded-error-of.js';
import type { ErrorPlaces } from '../error-places.js';
import type { HandlerDeadline } from '../handler-deadline.js';
import { logRefusal } from '../refusal-log.js';
import { settleCredentials } from '../sent-credentials.js';
import type { ClientCertificates } from '../tls/contract.js';
import type { Callers } from './callers.js';
import { accessOf, type MethodAccess } from './method-access.js';
import { METADATA_LIMIT_BYTES, metadataBytes } from './metadata-size.js';
import { presentedKeys } from './presented-keys.js';
import { statusOf } from './status.js';
import { isUndecodable } from './undecodable.js';

export interface AuthenticationDeps {
  readonly manager: AuthorizationManager;
  readonly callers: Callers;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly certificates: ClientCertificates;
  readonly deadline: Pick<HandlerDeadline, 'boundFor'>;
  readonly places: ErrorPlaces;
}

/**
 * Authenticates the caller of every method before Nest sees the call, so that no setting of Nest can skip it. A method that is
 * not open is refused without valid credentials, also one that is added later and forgotten here.
 */
export function authenticationInterceptor(deps: AuthenticationDeps): ServerInterceptor {
  return (method, call) => {
    const access = accessOf(method.path);
    const refuse = (diagnosticId: string, thrown: unknown): void => {
      const error = toCodedError(thrown);
      logRefusal(deps.logger, 'grpc.refused', { diagnosticId, error, thrown });
      call.sendStatus(statusOf(error, diagnosticId, deps.places));
    };
    let arrived: Metadata | undefined;
    let waiter: CallWaiter | undefined;
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, proceed) => {
            arrived = metadata;
            const diagnosticId = deps.ids.random();
            if (metadataBytes(metadata) > METADATA_LIMIT_BYTES) {
              refuse(diagnosticId, new CodedError('REQUEST_HEADERS_TOO_LARGE'));
              return;
            }
            if (access.kind === 'open') {
              proceed(metadata);
              return;
            }
            waiter = new CallWaiter();
            const arrival = { diagnosticId, access, call, waiter };
            deps.deadline
              .boundFor(waiter, () => admit(deps, metadata, arrival))
              .then(
                () => {
                  proceed(metadata);
                },
                (thrown: unknown) => {
                  refuse(diagnosticId, thrown);
                },
              );
          },
          onReceiveMessage: (message: unknown, proceed) => {
            if (!isUndecodable(message)) {
              proceed(message);
              return;
            }
            deps.counters.increment('refusals.undecodable', 'grpc');
            refuse(deps.ids.random(), new CodedError('REQUEST_MALFORMED', { expected: 'a message of the type of the method' }));
          },
          // Told when the caller cancels, when its deadline has passed, and when it has been answered.
          onCancel: () => waiter?.go(),
        });
      },
      sendMessage: (message, proceed) => {
        waiter?.answer();
        proceed(message);
      },
      sendStatus: (status, proceed) => {
        waiter?.answer();
        const trailer = arrived === undefined ? undefined : deps.callers.trailerOf(arrived);
        proceed(trailer === undefined || status.code !== GrpcStatus.OK ? status : { ...status, metadata: trailer });
      },
    });
  };
}

interface Arrival {
  readonly diagnosticId: string;
  readonly access: MethodAccess;
  readonly call: ServerInterceptingCallInterface;
  readonly waiter: CallWaiter;
}

async function admit(deps: AuthenticationDeps, metadata: Metadata, arrival: Arrival): Promise<void> {
  const { diagnosticId, access, call, waiter } = arrival;
  const context = { diagnosticId, transport: 'grpc' } as const;
  const presented = presentedKeys(call, metadata, deps.certificates);
  const authorization = soleValue(metadata, 'authorization');
  if (access.kind === 'operator') {
    const operator = await deps.manager.authorizeOperator(context, operatorToken(authorization, presented), access.permission);
    deps.callers.admitOperator(metadata, { ...context, operator: operator.subject });
    return;
  }
  const client = await deps.manager.authenticate(context, credentialsIn(metadata, authorization), presented);
  // SECURITY: public clients are browsers and apps, which call over REST. Here nobody comes in without credentials.
  if (!client.proven) throw new CodedError('CLIENT_UNAUTHENTICATED', { internal: 'no credentials' });
  deps.callers.admitClient(metadata, { context, client, call, waiter });
}

function credentialsIn(metadata: Metadata, authorization: string | undefined): ClientCredentials {
  return settleCredentials({
    authorization,
    clientId: soleValue(metadata, 'client-id'),
    clientSecret: undefined,
    assertion: soleValue(metadata, 'client-assertion'),
    assertionType: soleValue(metadata, 'client-assertion-type'),
  });
}

function soleValue(metadata: Metadata, field: string): string | undefined {
  const values = metadata.get(field);
  if (values.length > 1) throw new CodedError('CLIENT_AUTHENTICATION_AMBIGUOUS', { field });
  const [value] = values;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
