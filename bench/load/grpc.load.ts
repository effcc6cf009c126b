/** Unary calls over HTTP/2: 4 connections with 16 streams each. */
import { ExchangeTokenRequest, ExchangeTokenResponse } from '#protos/generated/countersign/auth/v1/auth.js';
import type { AnswerCheck } from './answer.check.js';
import { GrpcConnection } from './grpc.connection.js';
import { headerBlocks } from './http2.frames.js';
import type { LoadSubjects } from './load.contract.js';
import type { MeasuredWindow } from './measured.window.js';

const connections = 4;
const streamsPerConnection = 16;
const prefixLength = 5;

export function prepareGrpcRequest(token: string, world: LoadSubjects): Buffer {
  const request = ExchangeTokenRequest.create({
    subjectToken: token,
    subjectTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    audience: [world.audience],
  });
  const message = ExchangeTokenRequest.encode(request).finish();
  const prefix = Buffer.alloc(prefixLength);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export function grpcHeaders(
  port: number,
  world: Pick<LoadSubjects, 'clientId' | 'clientSecret'>,
  path = '/countersign.auth.v1.AuthService/ExchangeToken',
): readonly (readonly [string, string])[] {
  const credentials = Buffer.from(`${encodeURIComponent(world.clientId)}:${encodeURIComponent(world.clientSecret)}`).toString(
    'base64',
  );
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', `127.0.0.1:${String(port)}`],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
    ['authorization', `Basic ${credentials}`],
  ];
}

/** Ends when the window is closed and every call under way has its answer. */
export async function loadGrpc(port: number, world: LoadSubjects, window: MeasuredWindow, check: AnswerCheck): Promise<void> {
  const messages = world.subjects.map((subject) => prepareGrpcRequest(subject.token, world));
  const blocks = headerBlocks(grpcHeaders(port, world));
  let subject = 0;
  const calls = {
    next: () => {
      subject = (subject + 1) % messages.length;
      const message = messages[subject];
      return window.isClosed || message === undefined ? undefined : { message, subject };
    },
    answered: (index: number, startedAt: number, message: Buffer) => {
      window.completed(startedAt);
      judge(check, index, message);
    },
    failed: (text: string) => {
      check.fail(text);
    },
  };
  await Promise.all(
    Array.from({ length: connections }, () => new GrpcConnection(port, streamsPerConnection, blocks, calls).run()),
  );
}

function judge(check: AnswerCheck, subject: number, received: Buffer): void {
  if (received[0] !== 0 || received.readUInt32BE(1) !== received.length - prefixLength) {
    check.fail('not one whole message');
    return;
  }
  const answer = ExchangeTokenResponse.decode(received.subarray(prefixLength));
  check.accept(subject, {
    access_token: answer.accessToken,
    issued_token_type: answer.issuedTokenType,
    token_type: answer.tokenType,
    expires_in: answer.expiresIn,
  });
}
