import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { BadRequest, ErrorInfo, Help, RetryInfo } from '#protos/generated/google/rpc/error_details.js';
import { Status } from '#protos/generated/google/rpc/status.js';
import { CATALOGUE, type ErrorCode } from '#utilities/errors/catalogue.js';
import { CodedError, type ErrorDetails } from '#utilities/errors/coded-error.js';
import { ERROR_MAPPING } from '../error-mapping.js';
import { oauthErrorHeaders, oauthErrorStatus } from '../rest/oauth-error.js';
import { statusOf } from './status.js';

const CODES = Object.keys(CATALOGUE) as ErrorCode[];
const PLACES = { pages: 'https://auth.example.com/errors/', administration: 'https://auth.example.com/admin' };

function told(code: ErrorCode, details: ErrorDetails = {}) {
  const found = statusOf(new CodedError(code, details), 'an-id', PLACES);
  const [packed] = found.metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(packed)) throw new Error('no details');
  const carried = Status.decode(packed);
  const named = (name: string) => carried.details.filter(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`);
  const only = <Message>(name: string, message: { decode(bytes: Uint8Array): Message }): Message | undefined => {
    const [one, ...more] = named(name);
    expect(more).toEqual([]);
    return one === undefined ? undefined : message.decode(one.value);
  };
  return {
    code: status[found.code],
    carried,
    size: packed.length,
    info: only('ErrorInfo', ErrorInfo),
    help: only('Help', Help),
    retry: only('RetryInfo', RetryInfo),
    bad: only('BadRequest', BadRequest),
    challenge: found.metadata.get('www-authenticate')[0],
  };
}

describe('A gRPC status', () => {
  it.each(CODES)('%s says what, where to read on, and whether to come again', (code) => {
    const { grpc, http, oauth } = ERROR_MAPPING[code];
    const answer = told(code, { field: 'subject_token', expected: 'this', actual: 'that' });
    expect([answer.code, answer.carried.code, answer.carried.message]).toEqual([grpc, status[grpc], CATALOGUE[code].summary]);
    expect(code).toMatch(/^[A-Z][A-Z0-9_]{1,61}[A-Z0-9]$/);
    expect(answer.info).toMatchObject({ reason: code, domain: 'countersign' });
    const metadata = answer.info?.metadata ?? {};
    expect(metadata).toMatchObject({ diagnostic_id: 'an-id', field: 'subject_token', expected: 'this', actual: 'that' });
    for (const key of Object.keys(metadata)) expect(key).toMatch(/^[a-z][a-zA-Z0-9_-]{1,63}$/);
    expect(answer.help?.links.map(({ url }) => url)).toEqual([`https://auth.example.com/errors/${code}`]);
    expect(answer.retry !== undefined).toBe(grpc === 'UNAVAILABLE' || http === 429);
    expect(answer.bad !== undefined).toBe(grpc === 'INVALID_ARGUMENT');
    const isBearer = oauth === 'invalid_token' || oauth === 'insufficient_scope';
    expect(answer.challenge !== undefined).toBe(grpc === 'UNAUTHENTICATED' || isBearer);
    expect(answer.size).toBeLessThan(4_096);
  });

  it('names the field that is bad, and nothing where none is', () => {
    const violation = { field: 'audience', reason: 'TARGET_MALFORMED' };
    expect(told('TARGET_MALFORMED', { field: 'audience' }).bad?.fieldViolations).toMatchObject([violation]);
    expect(told('TARGET_MALFORMED').bad).toBeUndefined();
  });

  it('asks clients for their own credentials, and operators for a token and a permission', () => {
    expect(told('CLIENT_UNAUTHENTICATED').challenge).toBe('Basic realm="countersign", charset="UTF-8"');
    expect(told('OPERATOR_UNAUTHENTICATED').challenge).toBe(
      'Bearer realm="countersign", error="invalid_token", resource_metadata="https://auth.example.com/admin"',
    );
    expect(told('OPERATOR_NOT_PERMITTED', { expected: 'countersign:key:rotate' }).challenge).toBe(
      'Bearer realm="countersign", error="insufficient_scope", scope="countersign:key:rotate", resource_metadata="https://auth.example.com/admin"',
    );
    expect(told('OPERATOR_NOT_PERMITTED', { expected: 'some "text"' }).challenge).not.toContain('scope=');
    expect(told('PERMISSION_NONE').challenge).toBeUndefined();
  });

  it('tells nothing that is for operators alone', () => {
    const { carried } = told('INTERNAL', { internal: 'the password is x', cause: new Error('the password is y') });
    expect(Buffer.from(Status.encode(carried).finish()).toString('latin1')).not.toContain('the password');
  });
});

describe('an error that asks to wait', () => {
  it.each([
    ['SIGNING_THROTTLED', 'RESOURCE_EXHAUSTED', 429],
    ['VAULT_THROTTLED', 'RESOURCE_EXHAUSTED', 429],
    ['VAULT_TIMEOUT', 'UNAVAILABLE', 503],
  ] as const)('says how long on both ports: %s', (code, grpcCode, httpStatus) => {
    const error = new CodedError(code, { retryAfterSeconds: 7 });
    const answer = told(code, { retryAfterSeconds: 7 });
    expect([answer.code, answer.retry?.retryDelay?.seconds]).toEqual([grpcCode, 7]);
    expect(oauthErrorStatus(error)).toBe(httpStatus);
    expect(oauthErrorHeaders(error)['retry-after']).toBe('7');
  });
});
