/**
 * A small API that trusts Countersign and nobody else. It knows one issuer, one audience and one JWKS; it has never heard of the
 * identity provider. Copy it: all it needs is node:http and a JWT library.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';

export interface DownstreamOptions {
  /** `iss` of Countersign, exactly. */
  readonly issuer: string;
  /** `aud` under which this API is registered there, exactly. */
  readonly audience: string;
  /** How to get the keys: `createRemoteJWKSet` keeps them, and asks again for a key id it does not know. */
  readonly keys: JWTVerifyGetKey;
}

interface Caller {
  readonly subject: string;
  readonly tenant: string;
  readonly permissions: readonly string[];
}

interface Route {
  readonly permission: string;
  handle(caller: Caller): { readonly status: number; readonly body: object };
}

/** Why a request is refused, as RFC 6750 section 3.1 says it. */
class Refusal extends Error {
  readonly status: number;
  readonly challenge: Readonly<Record<string, string>>;

  constructor(status: number, challenge: Readonly<Record<string, string>> = {}) {
    super(challenge['error_description'] ?? 'refused');
    this.status = status;
    this.challenge = challenge;
  }
}

const invoices = new Map<string, number>([['acme', 3]]);

const routes: Readonly<Record<string, Route>> = {
  'GET /invoices': {
    permission: 'billing:invoice:read',
    handle: ({ tenant }) => ({ status: 200, body: { tenant, invoices: invoices.get(tenant) ?? 0 } }),
  },
  'POST /invoices': {
    permission: 'billing:invoice:create',
    handle: ({ tenant }) => {
      invoices.set(tenant, (invoices.get(tenant) ?? 0) + 1);
      return { status: 201, body: { tenant, invoices: invoices.get(tenant) } };
    },
  },
};

export function createDownstream(options: DownstreamOptions): Server {
  return createServer((request, response) => {
    answer(request, options).then(
      ({ status, body }) => {
        send(response, status, body);
      },
      (error: unknown) => {
        refuse(response, error);
      },
    );
  });
}

async function answer(request: IncomingMessage, options: DownstreamOptions): Promise<{ status: number; body: object }> {
  const route = routes[`${request.method ?? ''} ${request.url ?? ''}`];
  if (route === undefined) return { status: 404, body: { error: 'not_found' } };
  const caller = await authenticate(request, options);
  if (!caller.permissions.includes(route.permission)) {
    throw new Refusal(403, {
      error: 'insufficient_scope',
      error_description: `needs ${route.permission}`,
      scope: route.permission,
    });
  }
  return route.handle(caller);
}

async function authenticate(request: IncomingMessage, { issuer, audience, keys }: DownstreamOptions): Promise<Caller> {
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? '') ?? [];
  // Who sends no token is told how to authenticate, and no more.
  if (token === undefined) throw new Refusal(401);
  // Every line is a door: without the algorithm list a public key could pass as an HMAC secret, without `typ` an ID token as an access token.
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience,
    algorithms: ['ES256'],
    typ: 'at+jwt',
    requiredClaims: ['exp', 'iat', 'sub', 'tenant', 'permissions'],
  });
  const { sub, tenant, permissions } = payload;
  if (sub === undefined || typeof tenant !== 'string' || !isTextList(permissions)) {
    throw new Refusal(401, { error: 'invalid_token', error_description: 'a claim has the wrong type' });
  }
  return { subject: sub, tenant, permissions };
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, challenge } = asRefusal(error);
  if (status === 503) {
    response.setHeader('retry-after', '5');
    send(response, status, { error: 'temporarily_unavailable' });
    return;
  }
  const parameters = Object.entries(challenge).map(([name, value]) => `${name}="${value}"`);
  response.setHeader('www-authenticate', `Bearer ${['realm="invoices"', ...parameters].join(', ')}`);
  send(response, status, challenge);
}

/** Keys that cannot be had say nothing about the token: the caller shall try again, not throw a good token away. */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const keysMissing = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  const aboutTheToken = error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC' && !keysMissing;
  if (!aboutTheToken) return new Refusal(503);
  return new Refusal(401, { error: 'invalid_token', error_description: describe(error) });
}

function describe(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has ended: exchange again';
  if (error instanceof errors.JWTClaimValidationFailed) return `the claim ${error.claim} is not what this API expects`;
  return 'the token is not one that the trusted issuer signed';
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** `node downstream.ts ISSUER AUDIENCE [PORT]` */
function main([issuer, audience, port = '3000']: readonly string[]): void {
  if (issuer === undefined || audience === undefined) {
    console.error('usage: node downstream.ts ISSUER AUDIENCE [PORT]');
    process.exitCode = 2;
    return;
  }
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  createDownstream({ issuer, audience, keys }).listen(Number(port), '127.0.0.1', () => {
    console.log(`invoices API on http://127.0.0.1:${port}, trusting ${issuer}`);
  });
}

if (import.meta.main) main(process.argv.slice(2));
