import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { once } from 'node:events';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { until } from '../../test/support/until.js';
import { AdmissionGate } from '../admission-gate.js';
import { admissionInterceptor } from './admission.interceptor.js';
import { MessagePatience } from './message-patience.js';

const PATH = '/example.v1.WaitingService/Wait';
const LIMIT = 3;

describe('A call that begins and never ends', () => {
  let server: Server;
  let session: ClientHttp2Session;
  let gate: AdmissionGate;
  /** Answers the calls that are in the handler. */
  const answers: (() => void)[] = [];

  beforeEach(async () => {
    gate = new AdmissionGate({ limit: LIMIT, counters: new MemoryCounters() });
    server = new Server({
      interceptors: [
        admissionInterceptor({
          gate,
          ids: new CryptoIdSource({ clock: new SystemClock() }),
          places: { pages: 'https://x.example/errors/', administration: 'https://x.example/' },
          patience: new MessagePatience(10),
        }),
      ],
    });
    const same = (bytes: Buffer): Buffer => bytes;
    const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
    server.addService(
      { wait: { path: PATH, requestStream: false, responseStream: false, ...bytes } },
      { wait: (_call: unknown, done: (error: null, answer: Buffer) => void) => answers.push(() => done(null, Buffer.alloc(0))) },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    session = connect(`http://127.0.0.1:${port}`);
    await once(session, 'connect');
  });
  afterEach(() => {
    session.destroy();
    server.forceShutdown();
    answers.length = 0;
  });

  const begin = (): ClientHttp2Stream => {
    const stream = session.request({ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' });
    stream.on('error', () => undefined).resume();
    return stream;
  };
  const statusOfCall = (stream: ClientHttp2Stream): Promise<string | undefined> =>
    new Promise((resolve) => {
      const read = ({ 'grpc-status': code }: IncomingHttpHeaders): void => {
        if (code !== undefined) resolve(status[Number(code)]);
      };
      stream.on('response', read).on('trailers', read);
    });

  it('is refused after a while, and makes room for others', async () => {
    const held = Array.from({ length: LIMIT }, begin);
    for (const stream of held) stream.write(Buffer.from([0, 0, 0, 0, 9, 1]));
    const refused = held.map(statusOfCall);
    await until('all places are taken', async () => gate.load === LIMIT);
    expect(await statusOfCall(begin())).toBe('UNAVAILABLE');
    expect(await Promise.all(refused)).toEqual(held.map(() => 'DEADLINE_EXCEEDED'));
    expect(gate.load).toBe(0);
  });

  it('is not refused when it has ended, however long its answer takes', async () => {
    const finished = begin();
    finished.end(Buffer.alloc(5));
    const answered = statusOfCall(finished);
    await until('it is in its handler', async () => answers.length === 1);
    // As long as it takes another to be given up.
    expect(await statusOfCall(begin())).toBe('DEADLINE_EXCEEDED');
    expect(gate.load).toBe(1);
    for (const answer of answers) answer();
    expect(await answered).toBe('OK');
    expect(gate.load).toBe(0);
  });

  it('is given up once: its end after that changes nothing', async () => {
    const late = begin();
    expect(await statusOfCall(late)).toBe('DEADLINE_EXCEEDED');
    late.end(Buffer.alloc(5));
    const next = begin();
    next.end(Buffer.alloc(5));
    await until('the next is in its handler', async () => answers.length > 0);
    expect([answers.length, gate.load]).toEqual([1, 1]);
    next.close();
  });
});
