import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AuthServiceService, ExchangeTokenResponse } from '#protos/generated/countersign/auth/v1/auth.js';
import type { ExchangeTokenRequest } from '#protos/generated/countersign/auth/v1/auth.js';
import { GrpcConnection } from './grpc.connection.js';
import { grpcHeaders, prepareGrpcRequest } from './grpc.load.js';
import { headerBlocks } from './http2.frames.js';

type Answer = sendUnaryData<ExchangeTokenResponse>;

const world = { subjects: [], clientId: 'c', clientSecret: 's', audience: 'https://api.example', refused: [] };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.forceShutdown();
});

async function serve(
  exchangeToken: (call: ServerUnaryCall<ExchangeTokenRequest, ExchangeTokenResponse>, answer: Answer) => void,
) {
  const server = new Server();
  servers.push(server);
  server.addService(AuthServiceService, { exchangeToken });
  return new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/** Makes `count` calls on 16 streams; what came back, and what failed. */
async function run(port: number, count: number) {
  const answers: string[] = [];
  const failures: string[] = [];
  let begun = 0;
  const connection = new GrpcConnection(port, 16, headerBlocks(grpcHeaders(port, world)), {
    next: () => {
      if (begun === count) return undefined;
      begun += 1;
      return { message: prepareGrpcRequest(`token ${begun} `.repeat(1200), world), subject: begun };
    },
    answered: (subject, _startedAt, message) => {
      answers.push(`${subject}: ${ExchangeTokenResponse.decode(message.subarray(5)).accessToken}`);
    },
    failed: (text) => failures.push(text),
  });
  await connection.run();
  return { answers, failures };
}

const response = {
  issuedTokenType: '',
  tokenType: 'Bearer',
  expiresIn: 600,
  scope: '',
  authorizationDetails: [],
  consistencyToken: '',
};

describe('calls over one connection', () => {
  it('brings each answer to its call, beyond what the windows of HTTP/2 hold at once', async () => {
    const port = await serve(({ request, metadata }, answer) => {
      const [credentials] = metadata.get('authorization');
      answer(null, { ...response, accessToken: `${request.subjectToken.length} ${String(credentials)} ${'x'.repeat(20_000)}` });
    });
    const { answers, failures } = await run(port, 200);
    expect(failures).toEqual([]);
    expect(answers).toHaveLength(200);
    expect(new Set(answers.map((answer) => answer.split(':')[0])).size).toBe(200);
    expect(answers.find((answer) => answer.startsWith('200:'))).toContain(`200: ${'token 200 '.length * 1200} Basic Yzpz x`);
  });

  it('counts a call that ends without status 0 as failed', async () => {
    const port = await serve((_, answer) => {
      answer({ code: status.INVALID_ARGUMENT, details: 'refused' });
    });
    const { answers, failures } = await run(port, 20);
    expect(answers).toEqual([]);
    expect(failures).toHaveLength(20);
  });

  it('says so when the server goes away', async () => {
    const port = await serve(() => {
      servers[0]?.forceShutdown();
    });
    const { failures } = await run(port, 1);
    expect(failures.length).toBeGreaterThan(0);
  });
});
