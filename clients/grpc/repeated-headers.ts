import type { Http2Server, IncomingHttpHeaders } from 'node:http2';

/**
 * SECURITY: Node keeps the first of two `authorization` headers and drops the other in silence, so that a proxy and this service
 * could go by different ones. Here both come through, for the interceptor to refuse. Call it when the port is open.
 */
export function handOnRepeatedAuthorization(servers: Iterable<Http2Server>): void {
  for (const server of servers) server.prependListener('stream', restoreRepeated);
}

type Arriving = readonly [stream: unknown, headers: IncomingHttpHeaders, flags: number, rawHeaders: readonly string[]];

function restoreRepeated(...[, headers, , rawHeaders]: Arriving): void {
  const values = rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1] === 'authorization');
  if (values.length > 1) Object.assign(headers, { authorization: values });
}
