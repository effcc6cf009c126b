import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import type { GatewayVerdict } from '#managers/authorization/gateway.contract.js';
import { CheckRequest } from '#protos/generated/envoy/service/auth/v3/external_auth.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { answerOf, answerToError } from '../gateway.answers.js';
import { checkResponse, readCheckRequest } from './gateway.messages.js';

const DECISION = { subject: 'u_1', tenant: 'acme', policyVersion: 'main@1', permission: 'billing:invoice:read', decisionId: 'd' };
const allowed = (more: Partial<Extract<GatewayVerdict, { outcome: 'allowed' }>>): GatewayVerdict => ({
  outcome: 'allowed',
  decision: DECISION,
  token: null,
  removes: [],
  ...more,
});

describe('What Envoy is answered', () => {
  it.each([
    ['STORE_UNAVAILABLE', 503, 'errorResponse', status.UNAVAILABLE],
    ['REVOCATIONS_UNKNOWN', 503, 'errorResponse', status.UNAVAILABLE],
    ['CLIENT_RATE_LIMITED', 503, 'errorResponse', status.UNAVAILABLE],
    ['INTERNAL', 503, 'errorResponse', status.UNAVAILABLE],
    ['CHECK_NOT_ALLOWED', 403, 'deniedResponse', status.PERMISSION_DENIED],
    ['TARGET_UNKNOWN', 403, 'deniedResponse', status.PERMISSION_DENIED],
  ] as const)('to %s is %i, and never that it goes on', (code, http, kind, grpc) => {
    const response = checkResponse(answerToError(new CodedError(code), 'id'), []);
    expect(response.status).toMatchObject({ code: grpc, message: code });
    expect(response.httpResponse).toMatchObject({ $case: kind, value: { status: { code: http } } });
    expect(response.dynamicMetadata).toEqual({ decision: http === 503 ? 'error' : 'deny', code });
  });

  it('names no header in both lists, whatever is registered and whatever was sent', () => {
    const verdict = allowed({
      token: { value: 'a.b.c', permissionCount: 1 },
      removes: ['authorization', 'cookie', 'x-countersign-tenant'],
    });
    const { httpResponse } = checkResponse(answerOf(verdict, 'id'), ['x-countersign-subject', 'x-countersign-x', 'cookie']);
    if (httpResponse?.$case !== 'okResponse') throw new Error('expected to go on');
    expect(httpResponse.value.headersToRemove).toEqual(['cookie', 'x-countersign-x']);
  });

  it('is at most 1 KiB, and no header that Envoy would not take', () => {
    const acr = ['mfa', 'a"b', 'ü', 'a b', 'x\\y', 'phr'];
    const challenge = { error: 'insufficient_user_authentication', acr, maxAgeSeconds: 60 } as const;
    const code = 'step_up_required';
    const answer = answerOf({ outcome: 'unauthenticated', code, challenge, decision: DECISION }, 'i'.repeat(36));
    expect(Buffer.byteLength(answer.body)).toBeLessThan(1_024);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="countersign", error="insufficient_user_authentication", acr_values="mfa phr", max_age="60"',
    );
    expect(() => answerOf(allowed({ token: { value: 'a'.repeat(16_384), permissionCount: 1 } }), 'id')).toThrow();
  });

  it('is about what was asked, also where nothing was', () => {
    expect(readCheckRequest(CheckRequest.create({}))).toEqual({
      forged: [],
      request: {
        method: '',
        target: '',
        authorization: [],
        configured: { audience: undefined, tenant: undefined, permission: undefined },
      },
    });
  });
});
