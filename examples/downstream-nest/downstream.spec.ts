import { join } from 'node:path';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { AUDIENCE } from '#clients/sdk/fixtures/stand-in.issuer.js';
import { LiveIssuer } from '#clients/sdk/fixtures/tokens-of-now.js';
import { freePort } from '#devkit/free-port.js';
import { createDownstream } from './downstream.js';

type Method = 'GetInvoice' | 'CreateInvoice';
type Unary = (request: object, metadata: Metadata, done: (error: ServiceError | null, answer: object) => void) => void;

let issuer: LiveIssuer;
let app: INestApplication;
let client: Client & Record<Method, Unary>;

beforeAll(async () => {
  issuer = await new LiveIssuer().open();
  const grpc = `127.0.0.1:${await freePort()}`;
  app = await createDownstream({ issuer: issuer.issuer, audience: AUDIENCE, grpc });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const loaded = loadPackageDefinition(loadSync(join(import.meta.dirname, 'invoices.proto')));
  const { acme } = loaded as unknown as { acme: { invoices: { v1: { Invoices: ServiceClientConstructor } } } };
  client = new acme.invoices.v1.Invoices(grpc, credentials.createInsecure()) as never;
});

afterAll(async () => {
  client.close();
  await app.close();
  await issuer.close();
});

function call(method: Method, claims?: object): Promise<unknown> {
  const metadata = new Metadata();
  if (claims !== undefined) metadata.set('authorization', issuer.bearer(claims));
  return new Promise((resolve) => {
    client[method]({ order: '7' }, metadata, (error, answer) => {
      resolve(error === null ? answer : status[error.code]);
    });
  });
}

const now = (): number => Math.floor(Date.now() / 1_000);

describe('Over gRPC', () => {
  it('whoever may read reads, and nobody else', async () => {
    expect(await call('GetInvoice')).toBe('UNAUTHENTICATED');
    expect(await call('GetInvoice', { permissions: [] })).toBe('PERMISSION_DENIED');
    expect(await call('GetInvoice', {})).toEqual({ invoice: 'invoice-of-7', subject: 'u_ana' });
  });

  it('whoever creates has signed in a moment ago', async () => {
    const permissions = ['billing:invoice:create'];
    expect(await call('CreateInvoice', { permissions, auth_time: now() - 301 })).toBe('UNAUTHENTICATED');
    expect(await call('CreateInvoice', { permissions, auth_time: now() })).toEqual({ invoice: 'invoice-of-7' });
  });
});

describe('Over HTTP', () => {
  it('whoever may read reads, and nobody else', async () => {
    const get = async (path: string, claims?: object): Promise<Response> =>
      fetch(`${await app.getUrl()}${path}`, claims === undefined ? {} : { headers: { authorization: issuer.bearer(claims) } });
    expect((await get('/invoices')).status).toBe(200);
    expect((await get('/invoices/7')).status).toBe(401);
    expect((await get('/invoices/7', { permissions: [] })).status).toBe(403);
    expect(await (await get('/invoices/7', {})).json()).toEqual({ invoice: 'invoice-of-7', subject: 'u_ana' });
  });
});
