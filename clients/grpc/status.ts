import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '#protos/generated/google/rpc/error_details.js';
import { Status } from '#protos/generated/google/rpc/status.js';
import type { CodedError } from '#utilities/errors/coded-error.js';
import { ERROR_MAPPING } from '../error-mapping.js';

const TYPE_URL = 'type.googleapis.com/google.rpc.';
const DOMAIN = 'countersign';
const DEFAULT_RETRY_SECONDS = 5;

/** `google.protobuf.Any`. */
interface PackedDetail {
  readonly typeUrl: string;
  readonly value: Buffer;
}

/**
 * The gRPC status of an error: code and safe message, and in `grpc-status-details-bin` a `google.rpc.Status` with `ErrorInfo`
 * always, `BadRequest` for a bad field and `RetryInfo` for a transient fault (AIP-193).
 */
export function statusOf(error: CodedError, diagnosticId: string): StatusObject {
  const wire = ERROR_MAPPING[error.code];
  const code = status[wire.grpc];
  const metadata = new Metadata();
  const packed = Status.encode({ code, message: error.message, details: detailsOf(error, diagnosticId) }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(packed));
  if (wire.grpc === 'UNAUTHENTICATED') metadata.set('www-authenticate', 'Basic realm="countersign"');
  return { code, details: error.message, metadata };
}

function detailsOf(error: CodedError, diagnosticId: string): PackedDetail[] {
  const { field, expected, actual, claims, retryAfterSeconds } = error.details;
  const details = [
    pack(
      'ErrorInfo',
      ErrorInfo.encode({
        reason: error.code,
        domain: DOMAIN,
        metadata: {
          code: error.code,
          diagnostic_id: diagnosticId,
          ...(field === undefined ? {} : { field }),
          ...(expected === undefined ? {} : { expected }),
          ...(actual === undefined ? {} : { actual }),
          ...(claims === undefined ? {} : { claims }),
        },
      }).finish(),
    ),
  ];
  const { grpc } = ERROR_MAPPING[error.code];
  if (field !== undefined && grpc === 'INVALID_ARGUMENT') details.push(violation(field, error));
  if (grpc === 'UNAVAILABLE' || ERROR_MAPPING[error.code].http === 429) {
    const retryDelay = { seconds: retryAfterSeconds ?? DEFAULT_RETRY_SECONDS, nanos: 0 };
    details.push(pack('RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  return details;
}

function violation(field: string, error: CodedError): PackedDetail {
  const fieldViolations = [{ field, description: error.message, reason: error.code, localizedMessage: undefined }];
  return pack('BadRequest', BadRequest.encode({ fieldViolations }).finish());
}

function pack(name: string, value: Uint8Array): PackedDetail {
  return { typeUrl: TYPE_URL + name, value: Buffer.from(value) };
}
