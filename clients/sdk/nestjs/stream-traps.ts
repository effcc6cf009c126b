interface RpcDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/**
 * Only the server knows from its protos which handlers stream in both directions, and only when it starts: then `refusal` is thrown,
 * before a call is taken.
 */
export function refuseBidirectional(strategy: object, refusal: (path: string) => Error): void {
  const create: unknown = Reflect.get(strategy, 'createServiceMethod');
  // No gRPC server of Nest.
  if (typeof create !== 'function') return;
  const refusing = (handler: unknown, definition: RpcDefinition, streaming: unknown): unknown => {
    if (definition.requestStream && definition.responseStream) throw refusal(definition.path);
    return Reflect.apply(create, strategy, [handler, definition, streaming]) as unknown;
  };
  Reflect.set(strategy, 'createServiceMethod', refusing);
}
