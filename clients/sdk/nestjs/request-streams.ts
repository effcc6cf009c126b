import type { ServerUnaryCall, StatusObject } from '@grpc/grpc-js';
import type { Access } from '../access.js';
import type { Admission } from './admission.js';
import { logFailure } from './refusal.filter.js';

interface RpcDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

type Call = ServerUnaryCall<unknown, unknown>;
type Answer = (error: Partial<StatusObject> | null, message?: unknown) => void;
type Serve = (call: Call, answer: Answer) => Promise<unknown>;

export interface StreamRules {
  readonly admission: Admission;
  /** Who may call a method, by its full name. @throws Error where that cannot be told */
  readonly accessTo: (path: string) => Access | undefined;
  /** Why nobody may make a method that streams in both directions. */
  readonly bidirectional: (path: string) => Error;
}

/**
 * Lets callers that stream in before Nest looks at their calls. SECURITY: Nest reads and keeps what they send while its guards decide,
 * without a bound: a stranger could fill the memory. Which handlers they are only the server knows, from its protos, when it starts.
 */
export function admitStreamsFirst(strategy: object, rules: StreamRules): void {
  const create: unknown = Reflect.get(strategy, 'createServiceMethod');
  // No gRPC server of Nest.
  if (typeof create !== 'function') return;
  const guarded = (handler: unknown, definition: RpcDefinition, streaming: unknown): Serve => {
    if (definition.requestStream && definition.responseStream) throw rules.bidirectional(definition.path);
    const serve = Reflect.apply(create, strategy, [handler, definition, streaming]) as Serve;
    return definition.requestStream ? admittingFirst(serve, rules.admission, rules.accessTo(definition.path)) : serve;
  };
  Reflect.set(strategy, 'createServiceMethod', guarded);
}

function admittingFirst(serve: Serve, admission: Admission, access: Access | undefined): Serve {
  return async (call, answer) => {
    try {
      await admission.admit({ kind: 'grpc', key: call.metadata, call }, access);
    } catch (error) {
      answer(admission.grpc.statusOf(error, logFailure));
      return undefined;
    }
    return serve(call, answer);
  };
}
