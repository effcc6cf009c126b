import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Host } from '#clients/host.js';
import {
  AuthServiceClient,
  type IntrospectTokenResponse,
  type RevokeTokenResponse,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { failureOf, type GrpcFailure } from './callers.js';

type Answered<Response> =
  | { readonly response: Response; readonly failure?: undefined }
  | { readonly failure: GrpcFailure; readonly response?: undefined };

type Calling<Response> = (
  client: AuthServiceClient,
  metadata: Metadata,
  answered: (error: ServiceError | null, response: Response) => void,
) => unknown;

export function introspectOverGrpc(
  host: Host,
  authorization: string | undefined,
  token: string,
): Promise<Answered<IntrospectTokenResponse>> {
  return calling(host, authorization, (client, metadata, answered) => client.introspectToken({ token }, metadata, answered));
}

export function revokeOverGrpc(
  host: Host,
  authorization: string | undefined,
  token: string,
): Promise<Answered<RevokeTokenResponse>> {
  return calling(host, authorization, (client, metadata, answered) => client.revokeToken({ token }, metadata, answered));
}

function calling<Response>(host: Host, authorization: string | undefined, work: Calling<Response>): Promise<Answered<Response>> {
  const client = new AuthServiceClient(host.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  return new Promise((resolve) => {
    work(client, metadata, (error, response) => {
      client.close();
      resolve(error === null ? { response } : { failure: failureOf(error) });
    });
  });
}
