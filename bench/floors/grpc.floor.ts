/** The smallest grpc-js server that exchanges: generated messages, no framework, no interceptor. */
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { AuthServiceService } from '#protos/generated/countersign/auth/v1/auth.js';
import type { ExchangeTokenRequest, ExchangeTokenResponse } from '#protos/generated/countersign/auth/v1/auth.js';
import { joinParent, readTask } from '../processes/parent-link.js';
import { FloorExchange, floorLifetimeSeconds } from './floor.exchange.js';
import type { FloorTask } from './floor.task.js';

const task = readTask() as FloorTask;
const floor = new FloorExchange(task);
const server = new Server();
server.addService(AuthServiceService, { exchangeToken });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  joinParent({ port, publishedJwk: floor.publishedJwk }, () => {
    server.forceShutdown();
  });
});

function exchangeToken(
  call: ServerUnaryCall<ExchangeTokenRequest, ExchangeTokenResponse>,
  answer: sendUnaryData<ExchangeTokenResponse>,
): void {
  const accessToken = floor.exchange(call.request.subjectToken);
  if (accessToken === undefined) {
    answer({ code: status.INVALID_ARGUMENT, details: 'refused' });
    return;
  }
  answer(null, {
    accessToken,
    issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    tokenType: 'Bearer',
    expiresIn: floorLifetimeSeconds,
    scope: '',
    authorizationDetails: [],
    consistencyToken: '',
  });
}
