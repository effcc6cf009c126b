import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader, type OutgoingHttpHeaders } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';

export interface GrpcMessage {
  readonly name: string;
  /** What may be answered: names of statuses, `HTTP 4xx`, or `reset`. */
  readonly answers: readonly string[];
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

const EXCHANGE = '/countersign.auth.v1.AuthService/ExchangeToken';
const MIB = 1024 * 1024;

/** The prefix of a message (its first byte says whether it is compressed) and what follows. */
function message(flag: number, bytes: Buffer = Buffer.alloc(0), length = bytes.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, bytes]);
}

const packed = (encoding: string, bytes: Buffer): Pick<GrpcMessage, 'headers' | 'body'> => ({
  headers: { 'grpc-encoding': encoding },
  body: message(1, bytes),
});
const zeros = Buffer.alloc(32 * MIB);
const REFUSED = ['INTERNAL', 'UNIMPLEMENTED', 'RESOURCE_EXHAUSTED', 'INVALID_ARGUMENT', 'CANCELLED', 'reset'];

/** CVE-2026-48069, and CVE-2024-37168: a limit that holds for what comes out, too. */
export const COMPRESSED: readonly GrpcMessage[] = [
  { name: 'compressed, and nobody said how', answers: REFUSED, body: message(1, Buffer.from('x')) },
  { name: 'a flag that is neither', answers: REFUSED, body: message(255, Buffer.from('x')) },
  { name: 'gzip of nothing', answers: REFUSED, ...packed('gzip', Buffer.alloc(0)) },
  { name: 'gzip that is none', answers: REFUSED, ...packed('gzip', Buffer.from('garbage garbage')) },
  { name: 'gzip cut off', answers: REFUSED, ...packed('gzip', gzipSync('a'.repeat(1_000)).subarray(0, 15)) },
  { name: 'gzip of 32 MiB', answers: ['RESOURCE_EXHAUSTED'], ...packed('gzip', gzipSync(zeros)) },
  { name: 'deflate of 32 MiB', answers: ['RESOURCE_EXHAUSTED'], ...packed('deflate', deflateSync(zeros)) },
  { name: 'deflate that is none', answers: REFUSED, ...packed('deflate', Buffer.from('garbage garbage')) },
  ...['br', 'snappy', '__proto__', 'constructor', 'gzip, gzip', ''].map((encoding) => ({
    name: `an encoding that nobody knows: ${JSON.stringify(encoding)}`,
    answers: REFUSED,
    ...packed(encoding, gzipSync('x')),
  })),
];

/** CVE-2026-48068. */
export const MALFORMED: readonly GrpcMessage[] = [
  { name: 'a length of 4 GiB', answers: REFUSED, body: message(0, Buffer.from('x'), 0xffffffff) },
  { name: 'one byte more than may be', answers: ['RESOURCE_EXHAUSTED'], body: message(0, Buffer.alloc(64 * 1024 + 1)) },
  { name: 'a prefix cut off', answers: REFUSED, body: Buffer.from([0, 0, 0]) },
  { name: 'a message cut off', answers: REFUSED, body: message(0, Buffer.from('abc'), 10) },
  { name: 'nothing at all', answers: REFUSED, body: Buffer.alloc(0) },
  { name: 'two messages', answers: REFUSED, body: Buffer.concat([message(0), message(0)]) },
  { name: 'ten thousand messages', answers: REFUSED, body: Buffer.concat(Array.from({ length: 10_000 }, () => message(0))) },
  { name: 'a message and garbage', answers: REFUSED, body: Buffer.concat([message(0), Buffer.from('garbage')]) },
  { name: 'bytes that are no message', answers: ['INVALID_ARGUMENT'], body: message(0, Buffer.alloc(100, 0xff)) },
  ...['', 'x', '-1S', '1', '1s', '99999999H', '1'.repeat(100), '0n'].map((timeout) => ({
    name: `a deadline of ${JSON.stringify(timeout)}`,
    answers: [...REFUSED, 'DEADLINE_EXCEEDED'],
    headers: { 'grpc-timeout': timeout },
    body: message(0),
  })),
  ...['', 'application/json', 'application/grpc-web', 'application/grpcx', 'text/html'].map((type) => ({
    name: `a content type of ${JSON.stringify(type)}`,
    answers: [...REFUSED, 'HTTP 415'],
    headers: { 'content-type': type },
    body: message(0),
  })),
  { name: 'another method', answers: [...REFUSED, 'HTTP 405'], headers: { ':method': 'PUT' }, body: message(0) },
  { name: 'GET', answers: [...REFUSED, 'HTTP 405'], headers: { ':method': 'GET' } },
  ...['__proto__', 'constructor', 'tostring', 'x-bin', 'grpc-status-details-bin', 'grpc-status', 'grpc-message'].map((name) => ({
    name: `CVE-2026-21710: metadata of the name ${name}`,
    answers: REFUSED,
    headers: Object.assign(Object.create(null) as OutgoingHttpHeaders, { [name]: '!!!%%%' }),
    body: message(0),
  })),
];

/** What is answered: the name of the status of gRPC, else that of HTTP, else `reset`. */
export function answerTo(target: string, authorization: string | undefined, sent: GrpcMessage): Promise<string> {
  return new Promise((resolve) => {
    const session = connect(`http://${target}`);
    const settle = (answer: string): void => {
      session.destroy();
      resolve(answer);
    };
    session.on('error', () => settle('reset'));
    const stream = session.request({
      ':method': 'POST',
      ':path': EXCHANGE,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(authorization === undefined ? {} : { authorization }),
      ...sent.headers,
    });
    const read = ({ 'grpc-status': code, ':status': http }: IncomingHttpHeaders & IncomingHttpStatusHeader): void => {
      if (code !== undefined) settle(status[Number(code)] ?? 'no such status');
      else if (http !== undefined && http !== 200) settle(`HTTP ${http}`);
    };
    stream
      .on('response', read)
      .on('trailers', read)
      .on('error', () => settle('reset'));
    stream.on('close', () => settle('reset'));
    stream.resume();
    stream.end(sent.body);
  });
}
