/**
 * The first of three: people call it with a token of the identity provider. It does not judge that token; Countersign does, when it is
 * exchanged for one for orders.
 */
import { createServer, type Server } from 'node:http';
import { CountersignError, createAuthorizedFetch, type TokenSource } from '#clients/sdk/caller/main.js';
import { answerJson, bearerOf } from './http-answers.js';

export interface FrontOptions {
  /** Of tokens for orders, by the credentials of this service. */
  readonly tokens: TokenSource;
  /** Where orders answers. */
  readonly orders: string;
}

export function createFront({ tokens, orders }: FrontOptions): Server {
  const callOrders = createAuthorizedFetch({ origin: orders, source: tokens });
  return createServer((request, response) => {
    const subjectToken = bearerOf(request);
    if (subjectToken === undefined) {
      answerJson(response, 401, { error: 'missing_token' });
      return;
    }
    callOrders(request.url ?? '/', { subjectToken }).then(
      async (answer) => {
        answerJson(response, answer.status, await answer.json());
      },
      (error: unknown) => {
        const { status, body } = refusalOf(error);
        answerJson(response, status, body);
      },
    );
  });
}

/** Why there is no token for orders, in this service's own words: the caller's token, or something that passes. */
function refusalOf(error: unknown): { readonly status: number; readonly body: object } {
  if (!(error instanceof CountersignError)) return { status: 500, body: { error: 'failed' } };
  const { reason, retryable, diagnosticId } = error;
  // SECURITY: what Countersign has against this service itself is nothing that its callers could mend.
  const isOfCaller = error.saidBy === 'service' && !reason.startsWith('CLIENT_');
  const status = retryable ? 503 : isOfCaller ? 401 : 500;
  return { status, body: { error: reason, diagnosticId } };
}
