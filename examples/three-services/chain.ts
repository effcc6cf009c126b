/** Front, orders and billing on this machine. */
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import { createAuthorizedClient } from '#clients/sdk/caller/grpc/main.js';
import { createTokenSource } from '#clients/sdk/caller/main.js';
import { createVerifier, type VerifiedToken } from '#clients/sdk/main.js';
import { createDownstream, invoicesService } from '../downstream-grpc/downstream.js';
import { createFront } from './front.js';
import { createOrders, type InvoicesClient } from './orders.js';
import { BILLING_AUDIENCE, FRONT_CLIENT_ID, ORDERS_AUDIENCE, ORDERS_CLIENT_ID } from './registrations.js';

export interface ChainOptions {
  readonly issuer: string;
  /** Of both clients. */
  readonly secret: string;
  readonly tell: (line: string) => void;
  /** Where callers find what listens at this address of this machine: a proxy in front of it. Left out: there is none. */
  readonly inFrontOf?: (name: 'orders' | 'billing', address: string) => Promise<string>;
}

export interface Chain {
  /** Where front answers: `http://127.0.0.1:PORT`. */
  readonly front: string;
  stop(): Promise<void>;
}

export async function startChain({ issuer, secret, tell, inFrontOf }: ChainOptions): Promise<Chain> {
  const reached = inFrontOf ?? ((_name, address) => Promise.resolve(address));
  const told = (name: string) => (token: VerifiedToken) => {
    tell(inShort(name, token));
  };
  const endings: (() => unknown)[] = [];

  const ofBilling = createVerifier({ issuer, audience: BILLING_AUDIENCE });
  const tellOfBilling = told('billing');
  const billing = createDownstream({
    verifier: ofBilling,
    tell: (_method, token) => {
      tellOfBilling(token);
    },
  });
  const billingPort = await new Promise<number>((resolve, reject) => {
    billing.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  endings.push(() => {
    billing.forceShutdown();
    ofBilling.close();
  });

  const forBilling = createTokenSource({ issuer, audience: BILLING_AUDIENCE, client: { clientId: ORDERS_CLIENT_ID, secret } });
  const invoices = createAuthorizedClient(invoicesService(), {
    target: await reached('billing', `127.0.0.1:${billingPort}`),
    credentials: credentials.createInsecure(),
    plaintext: 'loopback',
    source: forBilling,
  }) as unknown as InvoicesClient;
  const ofOrders = createVerifier({ issuer, audience: ORDERS_AUDIENCE });
  const orders = createOrders({ verifier: ofOrders, invoices, tell: told('orders') });
  const ordersAddress = await listen(orders);
  endings.push(() => {
    orders.close().closeAllConnections();
    invoices.close();
    forBilling.close();
    ofOrders.close();
  });

  const forOrders = createTokenSource({ issuer, audience: ORDERS_AUDIENCE, client: { clientId: FRONT_CLIENT_ID, secret } });
  const front = createFront({ tokens: forOrders, orders: `http://${await reached('orders', ordersAddress)}` });
  const frontAddress = await listen(front);
  endings.push(() => {
    front.close().closeAllConnections();
    forOrders.close();
  });
  return {
    front: `http://${frontAddress}`,
    stop: async () => {
      for (const end of endings.toReversed()) await end();
    },
  };
}

/** Of whom a token is, for whom, who acts, and what it allows. */
function inShort(name: string, { subject, audience, act, permissions, scope }: VerifiedToken): string {
  const actors: string[] = [];
  for (let actor = act; actor !== null; actor = actor.act ?? null) actors.push(actor.sub);
  const acting = actors.length === 0 ? 'nobody acts' : `act ${actors.join(' ← ')}`;
  return `${name.padEnd(8)} sub ${subject} · aud ${audience} · ${acting} · ${permissions.join(' ')} (scope ${scope})`;
}

async function listen(server: HttpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
