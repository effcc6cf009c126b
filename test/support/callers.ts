import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  AuthServiceClient,
  type ExchangeTokenRequest,
  type ExchangeTokenResponse,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { BadRequest, ErrorInfo, RetryInfo } from '#protos/generated/google/rpc/error_details.js';
import { Status } from '#protos/generated/google/rpc/status.js';
import type { Host } from '#clients/host.js';

export const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, string | number | undefined>>;
}

export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

/** Posts a form to the token endpoint as it is. */
export async function post(
  host: Pick<Host, 'httpUrl'>,
  body: string | URLSearchParams,
  headers: Readonly<Record<string, string>> = {},
): Promise<RestAnswer> {
  const response = await fetch(`${host.httpUrl}/oauth2/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: body.toString(),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as RestAnswer['body']),
  };
}

export function exchangeForm(subjectToken: string, more: Readonly<Record<string, string>> = {}): URLSearchParams {
  return new URLSearchParams({ grant_type: GRANT, subject_token: subjectToken, subject_token_type: JWT_TYPE, ...more });
}

export interface GrpcFailure {
  readonly code: string;
  readonly message: string;
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly string[];
  readonly retrySeconds: number | null;
  readonly trailers: Metadata;
}

export type GrpcAnswer =
  | { readonly response: ExchangeTokenResponse; readonly failure?: undefined }
  | { readonly failure: GrpcFailure; readonly response?: undefined };

/** Calls ExchangeToken with an `authorization` value as it is; `undefined` sends none. */
export async function call(
  host: Host,
  authorization: string | Metadata | undefined,
  request: Partial<ExchangeTokenRequest>,
): Promise<GrpcAnswer> {
  const client = new AuthServiceClient(host.grpcAddress, credentials.createInsecure());
  const metadata = authorization instanceof Metadata ? authorization : new Metadata();
  if (typeof authorization === 'string') metadata.set('authorization', authorization);
  const full: ExchangeTokenRequest = {
    subjectToken: '',
    subjectTokenType: '',
    audience: [],
    resource: [],
    scope: '',
    requestedTokenType: '',
    actorToken: '',
    actorTokenType: '',
    tenant: '',
    impersonation: false,
    ...request,
  };
  try {
    return await new Promise<GrpcAnswer>((resolve) => {
      client.exchangeToken(full, metadata, { deadline: Date.now() + 20_000 }, (error, response) => {
        resolve(error === null ? { response } : { failure: failureOf(error) });
      });
    });
  } finally {
    client.close();
  }
}

/** Reads everything that a gRPC error carries. */
export function failureOf(error: ServiceError): GrpcFailure {
  const packed = error.metadata.get('grpc-status-details-bin')[0];
  const details = packed instanceof Buffer ? Status.decode(packed).details : [];
  const nothing = Buffer.alloc(0);
  const find = (name: string): Uint8Array => details.find((detail) => detail.typeUrl.endsWith(`.${name}`))?.value ?? nothing;
  const { reason, domain, metadata } = ErrorInfo.decode(find('ErrorInfo'));
  return {
    code: status[error.code],
    message: error.details,
    reason,
    domain,
    metadata,
    violations: BadRequest.decode(find('BadRequest')).fieldViolations.map((violation) => violation.field),
    retrySeconds: RetryInfo.decode(find('RetryInfo')).retryDelay?.seconds ?? null,
    trailers: error.metadata,
  };
}

/** Calls any unary method with empty bytes; for methods that are not there, and for health. */
export function callRaw(host: Host, path: string): Promise<string> {
  const client = new Client(host.grpcAddress, credentials.createInsecure());
  const same = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, Buffer.alloc(0), new Metadata(), { deadline: Date.now() + 10_000 }, (error) => {
      client.close();
      resolve(error === null ? 'OK' : status[error.code]);
    });
  });
}
