import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Host } from '#clients/host.js';
import {
  AuthServiceClient,
  type BatchCheckPermissionsRequest,
  type BatchCheckPermissionsResponse,
  type CheckPermissionResponse,
  type ListEffectivePermissionsResponse,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { failureOf, type GrpcFailure } from './callers.js';

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Posts a body as it is. */
export async function postText(
  host: Pick<Host, 'httpUrl'>,
  path: string,
  { body, headers }: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
): Promise<JsonAnswer> {
  const response = await fetch(`${host.httpUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as JsonAnswer['body'] };
}

export function postJson(host: Pick<Host, 'httpUrl'>, path: string, authorization: string, body: unknown): Promise<JsonAnswer> {
  return postText(host, path, { body: JSON.stringify(body), headers: { authorization } });
}

type Answered<Response> =
  | { readonly response: Response; readonly failure?: undefined }
  | { readonly failure: GrpcFailure; readonly response?: undefined };

type Calling<Response> = (
  client: AuthServiceClient,
  metadata: Metadata,
  answered: (error: ServiceError | null, response: Response) => void,
) => unknown;

function calling<Response>(host: Host, authorization: string, work: Calling<Response>): Promise<Answered<Response>> {
  const client = new AuthServiceClient(host.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  return new Promise((resolve) => {
    work(client, metadata, (error, response) => {
      client.close();
      resolve(error === null ? { response } : { failure: failureOf(error) });
    });
  });
}

const NO_CIRCUMSTANCES = { audience: '', tenant: '', unit: '', context: undefined, atLeastAsFresh: '' };

type Question = Omit<BatchCheckPermissionsRequest, 'circumstances'> & {
  readonly circumstances: Partial<NonNullable<BatchCheckPermissionsRequest['circumstances']>>;
};

export function batchOverGrpc(
  host: Host,
  authorization: string,
  question: Question,
): Promise<Answered<BatchCheckPermissionsResponse>> {
  const request = { ...question, circumstances: { ...NO_CIRCUMSTANCES, ...question.circumstances } };
  return calling(host, authorization, (client, metadata, answered) => client.batchCheckPermissions(request, metadata, answered));
}

export function oneOverGrpc(host: Host, authorization: string, question: Question): Promise<Answered<CheckPermissionResponse>> {
  const { subject, items, explain } = question;
  const request = { subject, item: items[0], explain, circumstances: { ...NO_CIRCUMSTANCES, ...question.circumstances } };
  return calling(host, authorization, (client, metadata, answered) => client.checkPermission(request, metadata, answered));
}

export function everythingOverGrpc(
  host: Host,
  authorization: string,
  { subject, circumstances }: Pick<Question, 'subject' | 'circumstances'>,
): Promise<Answered<ListEffectivePermissionsResponse>> {
  const request = { subject, circumstances: { ...NO_CIRCUMSTANCES, ...circumstances } };
  return calling(host, authorization, (client, metadata, answered) =>
    client.listEffectivePermissions(request, metadata, answered),
  );
}
