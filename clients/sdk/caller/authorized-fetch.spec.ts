import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AuthorizedFetch, createAuthorizedFetch } from './authorized-fetch.js';
import { ManualCaller, OPTIONS, refused } from './fixtures/manual.caller.js';
import { createTokenSource } from './token-source.js';

let origin: string;
let other: string;
let answer: RequestListener;
const heard: string[] = [];
const servers: Server[] = [];
let caller: ManualCaller;
let call: AuthorizedFetch;
const alice = { subjectToken: 'token-of-alice' };

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const note = ({ method = '', url = '', headers }: IncomingMessage): void => {
  heard.push([method, url, headers.authorization].join(' '));
};

beforeAll(async () => {
  origin = await listen((request, response) => {
    note(request);
    // Only who was heard to the end is answered: an answer before it breaks off what is still being sent.
    request.resume().on('end', () => {
      answer(request, response);
    });
  });
  other = await listen((request, response) => {
    note(request);
    response.end('other');
  });
});
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});
beforeEach(() => {
  heard.length = 0;
  answer = (_request, response) => response.end('here');
  caller = new ManualCaller();
  call = createAuthorizedFetch({ origin, source: createTokenSource(OPTIONS, caller) });
});

it('A request carries a token of its subject', async () => {
  const response = await call('/invoices?page=2', { ...alice, method: 'POST', body: 'x', headers: { 'x-trace': '1' } });
  expect(await response.text()).toBe('here');
  await call(`${origin}/invoices`, alice);
  expect(heard).toEqual(['POST /invoices?page=2 Bearer token-1', 'GET /invoices Bearer token-1']);
});

describe('A token', () => {
  it.each([301, 302, 303, 307, 308])('follows no redirect (%i)', async (status) => {
    for (const location of [`${other}/stolen`, '/elsewhere', '//127.0.0.1:1/']) {
      answer = (_request, response) => response.writeHead(status, { location }).end();
      const response = await call('/invoices', alice);
      expect([response.status, response.headers.get('location')]).toEqual([status, location]);
    }
    expect(heard).toHaveLength(3);
  });

  it('goes to no other origin, however it is written', async () => {
    const { host } = new URL(origin);
    const places = [
      other,
      `${other}/x`,
      `//${new URL(other).host}/`,
      `\\\\${new URL(other).host}/`,
      'https://acme.example',
      `http://u@${host}/`,
    ];
    for (const place of [...places, `https://${host}/`, new URL(other)])
      await expect(call(place, alice)).rejects.toThrow(TypeError);
    expect(heard).toEqual([]);
    expect(caller.asked).toHaveLength(0);
  });

  it.each([
    'http://billing.acme.example',
    'http://10.0.0.1',
    'ftp://127.0.0.1',
    'https://billing.acme.example/path',
    'https://u:p@acme.example',
  ])('is never meant for %s', (place) => {
    expect(() => createAuthorizedFetch({ origin: place, source: createTokenSource(OPTIONS, caller) })).toThrow(TypeError);
  });

  it('is not sent beside another authorization', async () => {
    await expect(call('/', { ...alice, headers: { Authorization: 'Basic eA==' } })).rejects.toThrow(TypeError);
    expect(heard).toEqual([]);
  });
});

describe('Where there is no token', () => {
  it('no request is made', async () => {
    caller.answer = () => refused('PERMISSION_NONE');
    await expect(call('/invoices', alice)).rejects.toMatchObject({ reason: 'PERMISSION_NONE', retryable: false });
    await expect(call('/invoices')).rejects.toThrow(TypeError);
    await expect(call('/invoices', { ...alice, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(heard).toEqual([]);
  });
});

describe('A request that is answered with 401', () => {
  const refuseFirst: RequestListener = (request, response) => {
    response.writeHead(request.headers.authorization === 'Bearer token-1' ? 401 : 200).end();
  };
  const after31Seconds = async (): Promise<void> => {
    await call('/', alice);
    await caller.pass(31);
    answer = refuseFirst;
    heard.length = 0;
  };

  it('is made once more with a new token', async () => {
    await after31Seconds();
    expect((await call('/', { ...alice, method: 'PUT', body: 'text' })).status).toBe(200);
    expect(heard).toEqual(['PUT / Bearer token-1', 'PUT / Bearer token-2']);
  });

  it('is told where its body is gone', async () => {
    await after31Seconds();
    const body = new Blob(['text']).stream();
    expect((await call('/', { ...alice, method: 'PUT', body, duplex: 'half' } as never)).status).toBe(401);
    expect(heard).toHaveLength(1);
  });

  it('is told where the token is young', async () => {
    answer = refuseFirst;
    for (let number = 0; number < 5; number += 1) expect((await call('/', alice)).status).toBe(401);
    expect(caller.asked).toHaveLength(1);
  });
});
