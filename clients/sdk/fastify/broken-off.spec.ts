import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { permissions } from '../access.js';
import { LiveIssuer } from '../fixtures/tokens-of-now.js';
import { countersignFastify } from './fastify.js';

let issuer: LiveIssuer;
let app: FastifyInstance;
const reached: string[] = [];
/** What holds an answer back, as a session that is saved before it does. */
let holding: { readonly begun: () => void; readonly until: Promise<unknown> };

beforeAll(async () => {
  issuer = await new LiveIssuer().open();
  app = fastify();
  await app.register(countersignFastify, { verifier: issuer.verifier });
  app.addHook('onSend', async (_request, reply, payload) => {
    holding = { ...holding, until: once(reply.raw, 'close') };
    holding.begun();
    await holding.until;
    return payload;
  });
  for (const method of ['GET', 'POST', 'DELETE'] as const) {
    const config = { access: permissions('billing:invoice:delete') };
    app.route({ method, url: '/invoices', config, handler: () => reached.push(method) });
  }
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await app.close();
  await issuer.close();
});

it.each(['GET', 'POST', 'DELETE'])(
  'A %s that is refused reaches no handler when its sender is gone before the answer',
  async (method) => {
    const begun = new Promise<void>((resolve) => {
      holding = { begun: resolve, until: Promise.resolve() };
    });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`${method} /invoices HTTP/1.1\r\nhost: billing\r\ncontent-length: 0\r\n\r\n`);
    await begun;
    socket.destroy();
    await holding.until;
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    expect(reached).toEqual([]);
  },
);
