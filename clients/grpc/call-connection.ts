import type { Server, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Http2Server, ServerHttp2Session } from 'node:http2';

/** A call as an interceptor wraps it, down to the one that grpc-js made itself. */
interface Layer {
  readonly nextCall?: Layer;
  readonly stream?: { readonly session?: ServerHttp2Session };
}

/** The HTTP/2 servers of open ports, which grpc-js keeps to itself too. */
export function http2ServersOf(server: Server): readonly Http2Server[] {
  const listening: unknown = Reflect.get(server, 'http2Servers');
  if (!(listening instanceof Map) || listening.size === 0) throw new Error('grpc-js keeps its HTTP/2 servers elsewhere');
  return [...(listening.keys() as Iterable<Http2Server>)];
}

/** The HTTP/2 connection that a call came over; `undefined`: it is gone. grpc-js keeps it to itself, in private members. */
export function sessionOf(call: ServerInterceptingCallInterface): ServerHttp2Session | undefined {
  let layer = call as Layer;
  while (layer.nextCall !== undefined) layer = layer.nextCall;
  return layer.stream?.session;
}
