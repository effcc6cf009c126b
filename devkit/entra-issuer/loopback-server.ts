import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IssuerAnswer } from './issuer-answer.js';
import { STAND_IN } from './issuer-answer.js';

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const MAX_BODY = 64 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 0x20);
const DRIP_MS = 20;

/** Opens a server on this machine alone. @throws Error for any other host */
export async function listen({ host, port, tls }: Listening, handler: RequestListener): Promise<Server> {
  if (!LOOPBACK_HOSTS.has(host)) throw new Error(`the stand-in issuer listens on this machine alone, not on ${host}`);
  const server = tls === undefined ? createServer(handler) : createTlsServer(tls, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** Closes the port and every connection. */
export async function shut(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return address.port;
}

/** The body as text; `null` when it is larger than any request here. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  const body: AsyncIterable<Buffer> = request;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends the answer, one byte at a time where it drips. Ends early when the other side has gone. */
export async function send(response: ServerResponse, answer: IssuerAnswer, drip: boolean): Promise<void> {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'cache-control': 'no-store',
    'x-stand-in': STAND_IN,
    ...(answer.location === undefined ? {} : { location: answer.location }),
    ...(answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter }),
    ...(answer.contentEncoding === undefined ? {} : { 'content-encoding': answer.contentEncoding }),
    ...(answer.promisedLength === undefined ? {} : { 'content-length': String(answer.promisedLength) }),
  });
  const body = answer.bytes ?? Buffer.from(answer.body);
  if (drip || answer.drip === true) await dripBody(response, body);
  else response.write(body);
  await pad(response, answer.padding ?? 0);
  if (answer.promisedLength === undefined) response.end();
  else response.destroy();
}

async function dripBody(response: ServerResponse, body: Buffer): Promise<void> {
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, DRIP_MS));
  }
}

async function pad(response: ServerResponse, padding: number): Promise<void> {
  for (let sent = 0; sent < padding; sent += CHUNK.length) {
    if (response.destroyed) return;
    if (!response.write(CHUNK)) await drained(response);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
