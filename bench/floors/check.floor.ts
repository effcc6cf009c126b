/**
 * The smallest grpc-js server that answers CheckPermission: generated messages, no framework, no interceptor, always the same answer.
 * With a key it proves each ES256 token first, by the fastest primitive of Node: no issuer, no policy, no facts, no error texts.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { AuthServiceService } from '#protos/generated/countersign/auth/v1/auth.js';
import type { CheckPermissionRequest, CheckPermissionResponse } from '#protos/generated/countersign/auth/v1/auth.js';
import { joinParent, readTask } from '../processes/parent-link.js';

/** What this floor is started with; `null`: it looks at no token. */
export interface CheckFloorTask {
  readonly verify: { readonly jwk: JsonWebKey; readonly header: string } | null;
}

const tokenType = /^[\w-]+\.[\w-]+\.[\w-]{86}$/;
const half = 32;

const answered: CheckPermissionResponse = {
  decision: {
    allowed: true,
    code: 'granted',
    residual: '',
    missing: [],
    stepUpAcr: [],
    stepUpMaxAuthAgeSeconds: 0,
    explanationJson: '',
  },
  // As long as ours.
  state: { policyVersion: 'main@1', epoch: 10_000, consistencyToken: 'A'.repeat(86) },
  decisionId: '00000000-0000-4000-8000-000000000000',
};

const task = readTask() as CheckFloorTask;
const key = task.verify === null ? null : createPublicKey({ key: task.verify.jwk, format: 'jwk' });
const server = new Server();
server.addService(AuthServiceService, { checkPermission });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  joinParent({ port }, () => {
    server.forceShutdown();
  });
});

function checkPermission(
  { request }: ServerUnaryCall<CheckPermissionRequest, CheckPermissionResponse>,
  answer: sendUnaryData<CheckPermissionResponse>,
): void {
  if (key === null || isGood(request.subject?.by?.$case === 'token' ? request.subject.by.value : '', key)) {
    answer(null, answered);
    return;
  }
  answer({ code: status.INVALID_ARGUMENT, details: 'refused' });
}

function isGood(token: string, publicKey: KeyObject): boolean {
  if (token.length > 16_384 || !tokenType.test(token)) return false;
  const first = token.indexOf('.');
  const second = token.lastIndexOf('.');
  if (token.slice(0, first) !== task.verify?.header) return false;
  const signature = derOf(Buffer.from(token.slice(second + 1), 'base64url'));
  if (!verify('sha256', Buffer.from(token.slice(0, second), 'latin1'), publicKey, signature)) return false;
  const claims = JSON.parse(Buffer.from(token.slice(first + 1, second), 'base64url').toString()) as { readonly exp: number };
  return claims.exp * 1000 > Date.now();
}

/** The 64 bytes of RFC 7518 §3.4 as DER: a bare key takes nothing else, and the other form costs more on Node 24. */
function derOf(joined: Buffer): Buffer {
  const r = integer(joined.subarray(0, half));
  const s = integer(joined.subarray(half));
  return Buffer.concat([Buffer.of(0x30, r.length + s.length), r, s]);
}

function integer(digits: Buffer): Buffer {
  let at = 0;
  while (at < half - 1 && digits[at] === 0) at += 1;
  const isHigh = ((digits[at] ?? 0) & 0x80) !== 0;
  const head = isHigh ? Buffer.of(0x02, half - at + 1, 0) : Buffer.of(0x02, half - at);
  return Buffer.concat([head, digits.subarray(at)]);
}
