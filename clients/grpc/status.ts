import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, Help, RetryInfo } from '#protos/generated/google/rpc/error_details.js';
import { Status } from '#protos/generated/google/rpc/status.js';
import type { CodedError } from '#utilities/errors/coded-error.js';
import { ERROR_MAPPING } from '../error-mapping.js';
import type { ErrorPlaces } from '../error-places.js';

const TYPE_URL = 'type.googleapis.com/google.rpc.';
const DOMAIN = 'countersign';
const DEFAULT_RETRY_SECONDS = 5;

/** `google.protobuf.Any`. */
interface PackedDetail {
  readonly typeUrl: string;
  readonly value: Buffer;
}

/**
 * The gRPC status of an error: code and safe message, and in `grpc-status-details-bin` a `google.rpc.Status` with `ErrorInfo` and
 * `Help` always, `BadRequest` for a bad field and `RetryInfo` for a transient fault (AIP-193). Whoever has to show another credential
 * is told which by the trailer `www-authenticate`, as HTTP has it.
 */
export function statusOf(error: CodedError, diagnosticId: string, places: ErrorPlaces): StatusObject {
  const code = status[ERROR_MAPPING[error.code].grpc];
  const metadata = new Metadata();
  const details = [...detailsOf(error, diagnosticId), helpOf(error, places)];
  const packed = Status.encode({ code, message: error.message, details }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(packed));
  const challenge = challengeOf(error, places);
  if (challenge !== undefined) metadata.set('www-authenticate', challenge);
  return { code, details: error.message, metadata };
}

/** RFC 6750 §3.1: which permission would have been enough. */
const PERMISSION = /^[a-z][a-z0-9-]*(:[a-z*][a-z0-9-]*){1,4}$/;

/** Clients authenticate by Basic, operators by a bearer token (RFC 6750 §3) for what `resource_metadata` describes (RFC 9728 §5.1). */
function challengeOf(error: CodedError, { administration }: ErrorPlaces): string | undefined {
  const { oauth, grpc } = ERROR_MAPPING[error.code];
  if (oauth === 'invalid_token' || oauth === 'insufficient_scope') {
    const { expected = '' } = error.details;
    const scope = oauth === 'insufficient_scope' && PERMISSION.test(expected) ? `, scope="${expected}"` : '';
    return `Bearer realm="countersign", error="${oauth}"${scope}, resource_metadata="${administration}"`;
  }
  return grpc === 'UNAUTHENTICATED' ? 'Basic realm="countersign", charset="UTF-8"' : undefined;
}

function helpOf({ code }: CodedError, { pages }: ErrorPlaces): PackedDetail {
  const links = [{ description: 'What it means and what to do', url: pages + code }];
  return pack('Help', Help.encode({ links }).finish());
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
