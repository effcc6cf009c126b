/** The second of three: it is called with tokens for orders, and calls billing for whoever called it. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Client, Metadata, ServiceError } from '@grpc/grpc-js';
import { Metadata as CallMetadata } from '@grpc/grpc-js';
import { countersignErrorOf, onBehalfOf } from '#clients/sdk/caller/grpc/main.js';
import { CountersignError, requirePermissions, type VerifiedToken, type Verifier } from '#clients/sdk/main.js';
import { answerJson, bearerOf } from './http-answers.js';

interface Invoice {
  readonly invoice: string;
  readonly actors: readonly string[];
}
export type InvoicesClient = Client & {
  GetInvoice(
    request: { readonly order: string },
    metadata: Metadata,
    options: object,
    done: (error: ServiceError | null, answer: Invoice) => void,
  ): void;
};

export interface OrdersOptions {
  readonly verifier: Verifier;
  /** Made by `createAuthorizedClient`, so that each call carries a token for billing. */
  readonly invoices: InvoicesClient;
  readonly tell: (token: VerifiedToken) => void;
}

const ORDER = /^\/orders\/(\w{1,20})$/;
const DEADLINE_MS = 5_000;

export function createOrders(options: OrdersOptions): Server {
  return createServer((request, response) => {
    const [, order] = ORDER.exec(request.url ?? '') ?? [];
    const bearer = bearerOf(request);
    if (order === undefined) answerJson(response, 404, { error: 'not_found' });
    else if (bearer === undefined) answerJson(response, 401, { error: 'missing_token' });
    else
      answer(options, { order, bearer }).then(
        (found) => {
          answerJson(response, 200, found);
        },
        (error: unknown) => {
          refuse(response, error);
        },
      );
  });
}

async function answer(
  { verifier, invoices, tell }: OrdersOptions,
  { order, bearer }: { readonly order: string; readonly bearer: string },
): Promise<object> {
  const token = await verifier.verify(bearer);
  requirePermissions(token, 'orders:order:read');
  tell(token);
  const options = onBehalfOf(bearer, { deadline: Date.now() + DEADLINE_MS });
  const { invoice, actors } = await new Promise<Invoice>((resolve, reject) => {
    invoices.GetInvoice({ order }, new CallMetadata(), options, (error, found) => {
      if (error === null) resolve(found);
      else reject(countersignErrorOf(error));
    });
  });
  return { order, invoice, actorsAtBilling: actors.length };
}

function refuse(response: ServerResponse, error: unknown): void {
  if (!(error instanceof CountersignError)) {
    answerJson(response, 500, { error: 'failed' });
    return;
  }
  const { reason, retryable, saidBy, diagnosticId } = error;
  // SECURITY: 401 is about the token that this service was called with, and about no other.
  const isOwn = saidBy === 'here' && !retryable;
  const status = retryable ? 503 : !isOwn ? 502 : reason.startsWith('PERMISSION') ? 403 : 401;
  answerJson(response, status, { error: reason, diagnosticId });
}
