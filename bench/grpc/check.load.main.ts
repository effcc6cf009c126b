/** The load of checks: 4 connections with 16 streams each, one job at a time, as the parent sends them. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { CheckPermissionResponse } from '#protos/generated/countersign/auth/v1/auth.js';
import { GrpcConnection } from '../load/grpc.connection.js';
import { grpcHeaders } from '../load/grpc.load.js';
import { headerBlocks } from '../load/http2.frames.js';
import { MeasuredWindow } from '../load/measured.window.js';
import { joinParent } from '../processes/parent-link.js';
import type { CheckJob, CheckQuestions, CheckResult } from './check.contract.js';

const connections = 4;
const streamsPerConnection = 16;
const prefixLength = 5;
const errorTextsKept = 5;
const path = '/countersign.auth.v1.AuthService/CheckPermission';

process.on('message', (message) => {
  if (isJob(message)) void perform(message).then((result) => process.send?.(result));
});
joinParent({}, () => undefined);

async function perform(job: CheckJob): Promise<CheckResult> {
  const questions = JSON.parse(readFileSync(job.questionsFile, 'utf8')) as CheckQuestions;
  const headers = grpcHeaders(job.port, questions, path);
  const errorTexts = job.decides ? await faultsOf(job.port, headers, questions) : [];
  let errors = errorTexts.length;
  const fail = (text: string): void => {
    errors += 1;
    if (errorTexts.length < errorTextsKept) errorTexts.push(text);
  };
  const messages = questions.messages.map(framed);
  const window = new MeasuredWindow(job, (edge) => process.send?.({ kind: edge }));
  let subject = 0;
  const calls = {
    next: () => {
      subject = (subject + 1) % messages.length;
      const message = messages[subject];
      return window.isClosed || message === undefined ? undefined : { message, subject };
    },
    answered: (_subject: number, startedAt: number, received: Buffer) => {
      window.completed(startedAt);
      if (!isAllowed(received)) fail('an answer that is not "allowed"');
    },
    failed: fail,
  };
  const allowedMilliseconds = (job.warmUpSeconds + job.seconds + 15) * 1000;
  const stuck = setTimeout(() => {
    throw new Error('the server stopped answering');
  }, allowedMilliseconds);
  const blocks = headerBlocks(headers);
  await Promise.all(
    Array.from({ length: connections }, () => new GrpcConnection(job.port, streamsPerConnection, blocks, calls).run()),
  );
  clearTimeout(stuck);
  return { kind: 'result', ...window.figures(), errors, errorTexts };
}

function isAllowed(received: Buffer): boolean {
  if (received[0] !== 0 || received.readUInt32BE(1) !== received.length - prefixLength) return false;
  const { decision, decisionId } = CheckPermissionResponse.decode(received.subarray(prefixLength));
  return decision?.allowed === true && decision.code === 'granted' && decisionId !== '';
}

function framed(message: string): Buffer {
  const bytes = Buffer.from(message, 'base64');
  const prefix = Buffer.alloc(prefixLength);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Before any measurement, through a full client: what must not be allowed, in words. */
async function faultsOf(port: number, headers: ReturnType<typeof grpcHeaders>, { unlike }: CheckQuestions): Promise<string[]> {
  const faults: string[] = [];
  for (const { why, message } of unlike)
    if (await isGranted(port, headers, framed(message))) faults.push(`${why} was answered with "allowed"`);
  return faults;
}

function isGranted(port: number, headers: ReturnType<typeof grpcHeaders>, message: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${String(port)}`);
    const stream = session.request(Object.fromEntries(headers));
    const chunks: Buffer[] = [];
    const settle = (trailers: IncomingHttpHeaders): void => {
      if (trailers['grpc-status'] === undefined) return;
      session.destroy();
      resolve(trailers['grpc-status'] === '0' && isAllowed(Buffer.concat(chunks)));
    };
    session.on('error', reject);
    stream.on('response', settle).on('trailers', settle).on('error', reject);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.end(message);
  });
}

function isJob(message: unknown): message is CheckJob {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'job';
}
