import { describe, expect, it } from '@jest/globals';
import { RetryInfo } from '#protos/generated/google/rpc/error_details.js';
import { Status } from '#protos/generated/google/rpc/status.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { oauthErrorHeaders, oauthErrorStatus } from '../rest/oauth-error.js';
import { statusOf } from './status.js';

describe('an error that asks to wait', () => {
  it.each([
    ['SIGNING_THROTTLED', 8, 429],
    ['VAULT_THROTTLED', 8, 429],
    ['VAULT_TIMEOUT', 14, 503],
  ] as const)('says how long on both ports: %s', (code, grpcCode, httpStatus) => {
    const error = new CodedError(code, { retryAfterSeconds: 7 });
    const { code: found, metadata } = statusOf(error, 'id');
    expect(found).toBe(grpcCode);
    const [packed] = metadata.get('grpc-status-details-bin');
    if (!Buffer.isBuffer(packed)) throw new Error('no details');
    const retry = Status.decode(packed).details.find(({ typeUrl }) => typeUrl.endsWith('RetryInfo'));
    expect(RetryInfo.decode(retry?.value ?? new Uint8Array()).retryDelay?.seconds).toBe(7);
    expect(oauthErrorStatus(error)).toBe(httpStatus);
    expect(oauthErrorHeaders(error)['retry-after']).toBe('7');
  });
});
