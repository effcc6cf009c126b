import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_API_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { AuthorizationClient, CheckRequest, type CheckResponse } from '#protos/generated/envoy/service/auth/v3/external_auth.js';
import { basic, exchangeForm, failureOf, type GrpcFailure, post } from '../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

/** Hands on headers, by the routes below. */
export const GATEWAY = 'edge';
/** Puts tokens of ours in the place of others. */
export const SWAPPING = 'swapping-edge';
/** As a target may have it. */
export const READ = 'billing:invoice:read';
const CREATE = 'billing:invoice:create';
export const APPROVE = 'billing:invoice:approve';

const route = (match: string, permission: string, id?: string): object => ({
  match,
  application: SAMPLE_AUDIENCE,
  permission,
  ...(id === undefined ? {} : { resource: { type: 'invoice', id } }),
});

/** Bob may read, alice may also create, and only those who approve may do what is left. */
export const ROUTES = [
  route('GET /v1/invoices', READ),
  route('GET /v1/invoices/{id}', READ, '{id}'),
  route('POST /v1/invoices', CREATE),
  route('POST /v1/invoices/{id}/approve', APPROVE, '{id}'),
  route('GET /v1/admin', APPROVE),
  route('GET /v1/admin/**', APPROVE),
  route('GET /v1/{anything}', READ),
];

const POLICY = {
  tenant: 'acme',
  name: 'main',
  roles: {
    viewer: { grants: ['billing:*:read'] },
    clerk: { inherits: ['viewer'], grants: ['billing:invoice:*'], exclude: [APPROVE] },
    approver: { inherits: ['clerk'], grants: [APPROVE] },
  },
  mappings: [{ issuer: 'devkit', claim: 'roles', equals: 'Billing.Process', role: 'clerk' }],
  routes: ROUTES,
};

export interface GatewayService extends TestService {
  /** The `authorization` of a gateway. */
  as(client: string): string;
  /** A token of the identity provider. */
  upstream(persona?: 'alice' | 'bob'): string;
  /** One of ours. */
  issued(persona?: 'alice' | 'bob'): Promise<string>;
}

export async function startGatewayService(): Promise<GatewayService> {
  const service = await startService({ database: { kind: 'embedded', directory: null } });
  const digest = createHash('sha256').update(service.secret).digest('hex');
  const presents = { audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }] };
  const gateway = { clientId: GATEWAY, checks: [SAMPLE_AUDIENCE] };
  const targets = [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'], delegationCeiling: ['billing:**'] }];
  const swapping = { ...gateway, clientId: SWAPPING, targets, gateway: { mode: 'token-swap', removes: ['cookie'] } };
  const clients = [gateway, swapping].map((client) => ({ presents, ...client, secretSha256: [digest] }));
  await service.apply({
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
    policies: [POLICY],
    clients,
  });
  const as = (client: string): string => basic(client, service.secret);
  const upstream = (persona: 'alice' | 'bob' = 'alice'): string => service.identityProvider.issue({ persona });
  const issued = async (persona: 'alice' | 'bob' = 'alice'): Promise<string> => {
    const form = exchangeForm(upstream(persona), { audience: SAMPLE_AUDIENCE });
    return String((await post(service.host, form, { authorization: as(PORTAL_CLIENT_ID) })).body['access_token']);
  };
  return { ...service, as, upstream, issued };
}

/** A request as Envoy describes it. */
export interface Described {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead: one entry for each header line. */
  readonly raw?: readonly (readonly [string, string])[];
  readonly extensions?: Readonly<Record<string, string>>;
}

function checkRequest({ method = 'GET', path, headers = {}, raw, extensions = {} }: Described): CheckRequest {
  const headerMap =
    raw === undefined ? undefined : { headers: raw.map(([key, value]) => ({ key, value: '', rawValue: Buffer.from(value) })) };
  const http = { id: '', method, path, headers: { ...headers }, headerMap };
  return CheckRequest.create({ attributes: { request: { http }, contextExtensions: { ...extensions } } });
}

/** A gateway that keeps its connection, as Envoy does. */
export class Envoy {
  private readonly client: AuthorizationClient;

  constructor(address: string) {
    this.client = new AuthorizationClient(address, credentials.createInsecure());
  }

  check(authorization: string | undefined, described: Described): Promise<CheckResponse | GrpcFailure> {
    const metadata = new Metadata();
    if (authorization !== undefined) metadata.set('authorization', authorization);
    return new Promise((resolve) => {
      this.client.check(checkRequest(described), metadata, (error: ServiceError | null, response) => {
        resolve(error === null ? response : failureOf(error));
      });
    });
  }

  close(): void {
    this.client.close();
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends a request line and header lines as they are. */
export function send(
  url: string,
  {
    method = 'GET',
    path,
    headers = [],
  }: { readonly method?: string; readonly path: string; readonly headers?: readonly string[] },
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { hostname, port, method, path, headers: ['host', hostname, ...headers], agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
