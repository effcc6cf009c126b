import { describe, expect, it } from '@jest/globals';
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, Help, RetryInfo } from '../../../../protos/generated/google/rpc/error_details.js';
import { Status } from '../../../../protos/generated/google/rpc/status.js';
import { CountersignError } from '../../countersign-error.js';
import { encodeRpcStatus } from '../../grpc/rpc-status.js';
import { readRpcDetails } from './rpc-details.js';
import { countersignErrorOf } from './status-error.js';

const any = (name: string, value: Uint8Array) => ({
  typeUrl: `type.googleapis.com/google.rpc.${name}`,
  value: Buffer.from(value),
});
const info = (reason = 'TOKEN_REVOKED', domain = 'countersign') =>
  any('ErrorInfo', ErrorInfo.encode({ reason, domain, metadata: { code: reason, diagnostic_id: 'diagnostic-7' } }).finish());
const answered = (code: status, details: string, packed?: Uint8Array): StatusObject => {
  const metadata = new Metadata();
  if (packed !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(packed));
  return { code, details, metadata };
};
const withDetails = (code: status, details: readonly { typeUrl: string; value: Buffer }[]): StatusObject =>
  answered(code, 'in words', Status.encode({ code, message: 'in words', details: [...details] }).finish());

describe('What Countersign said', () => {
  it('is read from the details', () => {
    const retry = any('RetryInfo', RetryInfo.encode({ retryDelay: { seconds: 7, nanos: 1 } }).finish());
    const help = any('Help', Help.encode({ links: [{ description: 'more', url: 'https://auth.acme.test/x' }] }).finish());
    const bad = any('BadRequest', BadRequest.encode({ fieldViolations: [] }).finish());
    expect(countersignErrorOf(withDetails(status.UNAVAILABLE, [bad, info('SERVICE_OVERLOADED'), retry, help]))).toMatchObject({
      reason: 'SERVICE_OVERLOADED',
      message: 'in words',
      retryable: true,
      retryAfterSeconds: 8,
      helpUrl: 'https://auth.acme.test/x',
      diagnosticId: 'diagnostic-7',
      saidBy: 'service',
    });
    expect(countersignErrorOf(withDetails(status.UNAUTHENTICATED, [info()]))).toMatchObject({
      reason: 'TOKEN_REVOKED',
      retryable: false,
    });
  });

  it('is read as the guards of this package write it', () => {
    const packed = encodeRpcStatus({
      code: 14,
      message: 'later',
      errorInfo: { reason: 'KEYS_UNAVAILABLE', domain: 'countersign', metadata: { diagnostic_id: 'diagnostic-8' } },
      help: { description: 'more', url: 'https://auth.acme.test/y' },
      retryDelaySeconds: 5,
    });
    const error = countersignErrorOf(answered(status.UNAVAILABLE, 'later', packed));
    expect(error).toMatchObject({
      reason: 'KEYS_UNAVAILABLE',
      retryAfterSeconds: 5,
      diagnosticId: 'diagnostic-8',
      helpUrl: 'https://auth.acme.test/y',
    });
  });

  it.each([
    ['of another domain', [info('TOKEN_REVOKED', 'googleapis.com')]],
    ['with a reason that is none', [info('no reason')]],
    ['without ErrorInfo', [any('Help', Buffer.from([0x0a, 0x00]))]],
    ['with a link that is no web address', []],
  ])('is not what is said %s', (_how, details) => {
    expect(countersignErrorOf(withDetails(status.UNAUTHENTICATED, details))).toMatchObject({
      reason: 'CALL_REFUSED',
      saidBy: 'peer',
    });
  });

  it('never leads to a link that is none', () => {
    const help = any('Help', Help.encode({ links: [{ description: 'more', url: 'javascript:alert(1)' }] }).finish());
    expect(countersignErrorOf(withDetails(status.UNAUTHENTICATED, [info(), help])).helpUrl).toMatch(/TOKEN_REVOKED\.md$/);
  });

  it('is nothing where bytes break off, repeat without an end or are none', () => {
    const whole = Buffer.from(Status.encode({ code: 16, message: 'x', details: [info()] }).finish());
    for (let length = 1; length < whole.length; length += 1) {
      const part = readRpcDetails(whole.subarray(0, length));
      expect(part?.errorInfo?.domain ?? null).toBe(null);
    }
    expect(readRpcDetails(Buffer.alloc(70_000))).toBe(null);
    expect(readRpcDetails(Buffer.from('ffffffffffffffffffffff', 'hex'))).toBe(null);
    expect(readRpcDetails(Buffer.alloc(1_000, 0x08))).toBe(null);
    expect(readRpcDetails(Buffer.from([0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]))).toBe(null);
    expect(readRpcDetails(Buffer.from([0x0b]))).toBe(null);
  });
});

describe('Who said no, where nobody wrote details', () => {
  it.each([
    [status.UNAUTHENTICATED, 'Received HTTP status code 401', 'hop', 'HOP_ANSWERED', false],
    [status.UNAVAILABLE, 'Received HTTP status code 503', 'hop', 'HOP_ANSWERED', true],
    [status.RESOURCE_EXHAUSTED, 'Bandwidth exhausted or memory limit exceeded', 'hop', 'HOP_ANSWERED', false],
    [status.UNAVAILABLE, 'No connection established. Last error: connect ECONNREFUSED', 'transport', 'NOT_CONNECTED', true],
    [status.UNAVAILABLE, 'Name resolution failed for target dns:nowhere', 'transport', 'NOT_CONNECTED', true],
    [status.DEADLINE_EXCEEDED, 'Deadline exceeded after 0.6s,Waiting for LB pick', 'transport', 'NOT_CONNECTED', false],
    [status.DEADLINE_EXCEEDED, 'Deadline exceeded after 0.6s,remote_addr=127.0.0.1:1', 'peer', 'HANDLER_SLOW', false],
    [status.UNKNOWN, 'Getting metadata from plugin failed with error: x', 'own-token', 'CALLER_TOKEN_FETCH', false],
    [status.PERMISSION_DENIED, 'Received HTTP 401, I say', 'peer', 'CALL_REFUSED', false],
    [status.INTERNAL, '', 'peer', 'CALL_REFUSED', false],
  ])('%i "%s": %s', (code, details, saidBy, reason, retryable) => {
    expect(countersignErrorOf(answered(code, details))).toMatchObject({ saidBy, reason, retryable });
  });

  it('is what it was where it is known already', () => {
    const error = new CountersignError('TOKEN_EXPIRED');
    expect(countersignErrorOf(error)).toBe(error);
  });
});
