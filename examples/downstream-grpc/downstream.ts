/**
 * A small gRPC service that trusts Countersign and nobody else. It is handed tokens of one issuer for one audience, and has never heard of
 * the identity provider. Copy it: what guards it is one interceptor of `@countersign/sdk/grpc`.
 */
import { join } from 'node:path';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  loadPackageDefinition,
  Server,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { countersignInterceptor, permissions, tokenOf } from '#clients/sdk/grpc/main.js';
import type { ActorChain, VerifiedToken, Verifier } from '#clients/sdk/main.js';

interface Order {
  readonly order: string;
}
interface Invoice {
  readonly invoice: string;
}
interface InvoiceOfSomebody extends Invoice {
  readonly subject: string;
  readonly actors: readonly string[];
}

export interface DownstreamOptions {
  /** Of the issuer that is trusted, for the audience under which this service is registered there. */
  readonly verifier: Verifier;
  /** Told of each call that was let in. */
  readonly tell?: (method: string, token: VerifiedToken) => void;
}

const NAME = '/acme.invoices.v1.Invoices';
/** What is not named here is for nobody. */
const METHODS = {
  [`${NAME}/GetInvoice`]: permissions('billing:invoice:read'),
  [`${NAME}/WatchInvoices`]: permissions('billing:invoice:read'),
  [`${NAME}/CreateInvoice`]: permissions('billing:invoice:create'),
};

/** Of the proto beside this file. Callers make clients with it, too. */
export function invoicesService(): ServiceClientConstructor {
  const loaded = loadPackageDefinition(loadSync(join(import.meta.dirname, 'invoices.proto'), { defaults: true }));
  const { acme } = loaded as unknown as { acme: { invoices: { v1: { Invoices: ServiceClientConstructor } } } };
  return acme.invoices.v1.Invoices;
}

export function createDownstream({ verifier, tell = () => undefined }: DownstreamOptions): Server {
  const server = new Server({ interceptors: [countersignInterceptor({ verifier, methods: METHODS })] });
  const getInvoice: handleUnaryCall<Order, InvoiceOfSomebody> = (call, answer) => {
    const token = tokenOf(call);
    tell('GetInvoice', token);
    answer(null, { invoice: `invoice-of-${call.request.order}`, subject: token.subject, actors: actorsOf(token.act) });
  };
  const watchInvoices: handleServerStreamingCall<object, Invoice> = (call) => {
    tell('WatchInvoices', tokenOf(call));
    for (const invoice of ['invoice-1', 'invoice-2']) call.write({ invoice });
    call.end();
  };
  const createInvoice: handleUnaryCall<Order, Invoice> = (call, answer) => {
    tell('CreateInvoice', tokenOf(call));
    answer(null, { invoice: `invoice-of-${call.request.order}` });
  };
  server.addService(invoicesService().service, {
    GetInvoice: getInvoice,
    WatchInvoices: watchInvoices,
    CreateInvoice: createInvoice,
  });
  return server;
}

function actorsOf(act: ActorChain | null): readonly string[] {
  return act === null ? [] : [act.sub, ...actorsOf(act.act ?? null)];
}
