import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { AdmissionGate } from '../admission-gate.js';
import { admitRequests } from './admission.hooks.js';
import { echoRequestIds } from './authzen/request-id.js';
import { oauthErrorBody, oauthErrorHeaders, oauthErrorStatus } from './oauth-error.js';
import type { ClientCertificates, ServerTls } from '../tls/contract.js';
import { readPresentedKeys } from './presented-keys.js';
import { belowIssuer, takesJson } from './routes.js';

/** Largest body: a subject token of 16 KiB with room for everything else. */
const BODY_LIMIT_BYTES = 64 * 1024;
const HEADER_LIMIT_BYTES = 32 * 1024;
/** A slow sender is cut off after this. */
const TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;

export interface HttpServerOptions {
  /** Our `iss`. */
  readonly issuer: string;
  readonly ids: IdSource;
  /** `null`: plaintext. */
  readonly tls: ServerTls | null;
  readonly certificates: ClientCertificates;
  readonly gate: AdmissionGate;
}

/**
 * The HTTP server of the REST client: limits and time-outs that hold before any of our code runs, and one body format.
 * Every request gets its diagnostic id here.
 */
export function createHttpAdapter({ issuer, ids, tls, certificates, gate }: HttpServerOptions): FastifyAdapter {
  const moved = belowIssuer(issuer);
  const shared = {
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // What arrives on an open connection while the server closes is answered; the connection ends with the answer.
    return503OnClosing: false,
    rewriteUrl: ({ url }: IncomingMessage) => moved(url ?? '/'),
    genReqId: () => ids.random(),
    // SECURITY: an id that a caller chooses could point at somebody else's record.
    requestIdHeader: false as const,
    clientErrorHandler: answerBrokenRequest(ids),
    frameworkErrors: answerBrokenUrl,
  };
  const limits = { maxHeaderSize: HEADER_LIMIT_BYTES, headersTimeout: TIMEOUT_MS, connectionsCheckingInterval: 2_000 };
  const adapter =
    tls === null
      ? new FastifyAdapter({ ...shared, http: limits })
      : new FastifyAdapter({ ...shared, https: { ...limits, ...tls.current, ...tls.handshake } });
  const instance = adapter.getInstance<FastifyInstance>();
  const { server } = instance;
  if (server instanceof TlsServer) tls?.onChange((context) => server.setSecureContext(context));
  echoRequestIds(instance);
  refuseOtherCodings(instance);
  admitRequests(instance, gate);
  readPresentedKeys(instance, { issuer, certificates });
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (_request, body, done) => {
      done(null, body);
    },
  );
  instance.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES }, (request, body, done) => {
    // The token endpoint takes a form and nothing else.
    if (!takesJson(request.url)) {
      done(new CodedError('REQUEST_CONTENT_TYPE_UNSUPPORTED'));
      return;
    }
    try {
      done(null, JSON.parse(String(body)));
    } catch {
      done(new CodedError('REQUEST_MALFORMED', { expected: 'a JSON object' }));
    }
  });
  return adapter;
}

/**
 * Ends every connection with its next answer, so that callers go elsewhere before the port closes and no request meets a
 * connection that is just being closed. Costs nothing until it is called.
 */
export function endConnectionsWithAnswers(server: Server): void {
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('connection', 'close');
  });
}

/**
 * SECURITY: Node reads a body by chunks wherever `chunked` is the last of several codings, in several lines even, without undoing the
 * others. A proxy that reads them otherwise sees another end of the request, and what follows as another request (RFC 9112 §11.2).
 */
function refuseOtherCodings(instance: FastifyInstance): void {
  instance.addHook('onRequest', (request, reply, done) => {
    const coding = request.raw.headers['transfer-encoding'];
    if (coding === undefined || coding.toLowerCase() === 'chunked') {
      done();
      return;
    }
    reply.header('connection', 'close');
    done(new CodedError('REQUEST_MALFORMED', { expected: 'chunked as the only transfer coding, or none' }));
  });
}

/** A URL that means nothing reaches no route; the answer has the same shape all the same. */
function answerBrokenUrl(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const coded = new CodedError('REQUEST_MALFORMED', { expected: 'a URL whose escapes are UTF-8' });
  void reply
    .code(oauthErrorStatus(coded))
    .headers(oauthErrorHeaders(coded))
    .send(JSON.stringify(oauthErrorBody(coded, request.id)));
}

/** What Node's HTTP parser refuses never reaches a route; the answer has the same shape all the same. */
function answerBrokenRequest(ids: IdSource): (error: Error & { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const coded = new CodedError(error.code === 'HPE_HEADER_OVERFLOW' ? 'REQUEST_HEADERS_TOO_LARGE' : 'REQUEST_MALFORMED');
    const body = JSON.stringify(oauthErrorBody(coded, ids.random()));
    const headers = { ...oauthErrorHeaders(coded), 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${String(oauthErrorStatus(coded))} Refused\r\n${lines.join('')}\r\n${body}`);
  };
}
