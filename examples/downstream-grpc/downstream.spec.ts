import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Client, credentials, Metadata, type Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { makeKey, ManualRuntime, StandInIssuer } from '#clients/sdk/fixtures/stand-in.issuer.js';
import { createVerifier, type VerifiedToken, type Verifier } from '#clients/sdk/main.js';
import { countersignErrorOf } from '#clients/sdk/caller/grpc/main.js';
import { createDownstream, invoicesService } from './downstream.js';

type Unary = (request: object, metadata: Metadata, done: (error: ServiceError | null, answer: object) => void) => void;
type Invoices = Client &
  Record<'GetInvoice' | 'CreateInvoice' | 'DeleteInvoice', Unary> & {
    WatchInvoices(request: object, metadata: Metadata): AsyncIterable<object>;
  };

const AUDIENCE = 'https://api.acme.test/billing';
let issuer: StandInIssuer;
let verifier: Verifier;
let server: Server;
let client: Invoices;
const told: [string, VerifiedToken][] = [];

beforeAll(async () => {
  issuer = await new StandInIssuer().open();
  verifier = createVerifier({ issuer: issuer.issuer, audience: AUDIENCE }, new ManualRuntime());
  server = createDownstream({ verifier, tell: (method, token) => told.push([method, token]) });
  const port = await new Promise<number>((resolve) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, bound) => {
      resolve(bound);
    });
  });
  client = new (invoicesService())(`127.0.0.1:${port}`, credentials.createInsecure()) as unknown as Invoices;
});
afterAll(async () => {
  client.close();
  server.forceShutdown();
  verifier.close();
  await issuer.close();
});
beforeEach(() => {
  told.length = 0;
});

const bearer = (token: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};
const call = (method: 'GetInvoice' | 'CreateInvoice', metadata: Metadata): Promise<object> =>
  new Promise((resolve, reject) => {
    client[method]({ order: '7' }, metadata, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
const refusalOf = async (call: Promise<unknown>): Promise<object> => {
  const error = (await call.catch((thrown: unknown) => thrown)) as ServiceError;
  const { reason, saidBy } = countersignErrorOf(error);
  return { code: status[error.code], reason, saidBy };
};

describe('It lets in', () => {
  it('whoever holds the permission of the method, and knows who acts', async () => {
    const act = { sub: 'c_orders', act: { sub: 'c_front' } };
    const answer = await call('GetInvoice', bearer(issuer.token({ act })));
    expect(answer).toEqual({ invoice: 'invoice-of-7', subject: 'u_ana', actors: ['c_orders', 'c_front'] });
    expect(told).toEqual([['GetInvoice', expect.objectContaining({ tenant: 'acme' })]]);
  });

  it('to a stream, too', async () => {
    const invoices: object[] = [];
    for await (const invoice of client.WatchInvoices({}, bearer(issuer.token()))) invoices.push(invoice);
    expect(invoices).toEqual([{ invoice: 'invoice-1' }, { invoice: 'invoice-2' }]);
  });
});

describe('It refuses', () => {
  it.each([
    ['nobody in particular', () => new Metadata(), 'UNAUTHENTICATED', 'TOKEN_MISSING'],
    [
      'a token for another service',
      () => bearer(issuer.token({ aud: 'https://api.acme.test/orders' })),
      'UNAUTHENTICATED',
      'TOKEN_AUDIENCE_MISMATCH',
    ],
    [
      'a token that has ended',
      () => bearer(issuer.token({ exp: 1_789_999_999, iat: 1_789_999_000 })),
      'UNAUTHENTICATED',
      'TOKEN_EXPIRED',
    ],
    ['a token of somebody else', () => bearer(issuer.token({}, makeKey('key-1'))), 'UNAUTHENTICATED', 'TOKEN_SIGNATURE_INVALID'],
    ['a bound token without its key', () => bearer(issuer.token({ cnf: { jkt: 'x' } })), 'UNAUTHENTICATED', 'BINDING_NOT_SHOWN'],
  ])('%s', async (_who, metadata, code, reason) => {
    expect(await refusalOf(call('GetInvoice', metadata()))).toEqual({ code, reason, saidBy: 'service' });
    expect(told).toEqual([]);
  });

  it('whoever lacks the permission of the method', async () => {
    const refusal = await refusalOf(call('CreateInvoice', bearer(issuer.token())));
    expect(refusal).toEqual({ code: 'PERMISSION_DENIED', reason: 'PERMISSION_DENIED', saidBy: 'service' });
    expect(told).toEqual([]);
  });

  it('strangers at a stream', async () => {
    const stream = client.WatchInvoices({}, new Metadata())[Symbol.asyncIterator]().next();
    expect(await refusalOf(stream)).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING' });
  });
});
