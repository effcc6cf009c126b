import { X509Certificate } from 'node:crypto';
import type { Agent } from 'node:https';
import { request } from 'node:https';
import type { ChannelCredentials, Metadata } from '@grpc/grpc-js';
import { credentials } from '@grpc/grpc-js';
import type { Host } from '#clients/host.js';
import { AuthServiceClient, type ExchangeTokenRequest } from '#protos/generated/countersign/auth/v1/auth.js';
import { failureOf, type GrpcAnswer, type RestAnswer } from './callers.js';
import type { SelfSigned } from './self-signed.js';

/** How a client connects: which authority it trusts, and which certificate it shows. */
export interface Connecting {
  readonly ca: string;
  readonly shown?: SelfSigned | undefined;
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** Kept between calls, where given. */
  readonly agent?: Agent;
}

export interface TlsRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** One request over TLS, as Node's own client sends it. */
export function overTls(
  { ca, shown, maxVersion, agent }: Connecting,
  { url, method = 'POST', headers = {}, body = '' }: TlsRequest,
): Promise<RestAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        headers,
        ca,
        agent: agent ?? false,
        ...(shown === undefined ? {} : { cert: shown.certificate, key: shown.privateKey }),
        ...(maxVersion === undefined ? {} : { minVersion: 'TLSv1', maxVersion, ciphers: 'ALL:@SECLEVEL=0' }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const answered = new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
          resolve({
            status: answer.statusCode ?? 0,
            headers: answered,
            body: text.startsWith('{') ? (JSON.parse(text) as RestAnswer['body']) : {},
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** ExchangeToken over TLS. */
export function exchangeOverGrpc(
  host: Pick<Host, 'grpcAddress'>,
  connecting: Connecting,
  metadata: Metadata,
  request: Partial<ExchangeTokenRequest>,
): Promise<GrpcAnswer> {
  const client = new AuthServiceClient(host.grpcAddress, channelOf(connecting));
  return exchangeBy(client, metadata, request).finally(() => {
    client.close();
  });
}

export function channelOf({ ca, shown }: Connecting): ChannelCredentials {
  const pair = shown === undefined ? [] : ([Buffer.from(shown.privateKey), Buffer.from(shown.certificate)] as const);
  return credentials.createSsl(Buffer.from(ca), ...pair);
}

export function exchangeBy(
  client: AuthServiceClient,
  metadata: Metadata,
  request: Partial<ExchangeTokenRequest>,
): Promise<GrpcAnswer> {
  const full = {
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
  return new Promise((resolve) => {
    client.exchangeToken(full, metadata, { deadline: Date.now() + 20_000 }, (error, response) => {
      resolve(error === null ? { response } : { failure: failureOf(error) });
    });
  });
}

/** RFC 9440 §2.2. */
export function asHeader({ certificate }: SelfSigned): string {
  return `:${new X509Certificate(certificate).raw.toString('base64')}:`;
}
