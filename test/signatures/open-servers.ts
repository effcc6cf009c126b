import type { AddressInfo, Server, Socket } from 'node:net';
import http2 from 'node:http2';
import { once } from 'node:events';

/** Servers of one spec, which all end with it. */
export class OpenServers {
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();

  /** Opens a port of 127.0.0.1; `host:port`. */
  async listen(server: Server): Promise<string> {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      // What a client does to a server that it cannot use is none of the test.
      socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
    });
    server.on('sessionError', () => undefined).on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.servers.push(server);
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Plaintext HTTP/2 that does this with every stream. */
  async onStream(answer: (stream: http2.ServerHttp2Stream) => void): Promise<string> {
    const server = http2.createServer();
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      answer(stream);
    });
    server.on('session', (session) => session.on('error', () => undefined));
    return this.listen(server);
  }

  async close(): Promise<void> {
    const closed = this.servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closed);
  }
}

/** An answer as a gRPC server gives it. */
export function answerWell(stream: http2.ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.alloc(5));
}
