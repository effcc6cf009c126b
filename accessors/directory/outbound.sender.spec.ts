import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import { selfSigned } from '../../test/support/self-signed.js';
import { OutboundSender, type OutboundSenderDeps } from './outbound.sender.js';

const { certificate, privateKey } = selfSigned();
let server: Server;
let plain: Server;
let origin = '';
let plainOrigin = '';
const seen: string[] = [];

const answer: RequestListener = (request, response) => {
  seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
  if (request.url === '/redirect') return void response.writeHead(302, { location: `${plainOrigin}/elsewhere` }).end('{}');
  if (request.url === '/large') return void response.end('x'.repeat(2_000));
  if (request.url === '/silent') return;
  if (request.url === '/close') return void response.socket?.destroy();
  request.pipe(response);
};

async function listen(made: Server): Promise<number> {
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  server = createServer({ cert: certificate, key: privateKey }, answer);
  plain = createPlainServer(answer);
  origin = `https://127.0.0.1:${String(await listen(server))}`;
  plainOrigin = `http://127.0.0.1:${String(await listen(plain))}`;
});
afterAll(() => {
  for (const each of [server, plain]) {
    each.close();
    each.closeAllConnections();
  }
});

function sender(changes: Partial<OutboundSenderDeps> = {}): OutboundSender {
  return new OutboundSender({
    origins: new Set([origin]),
    ca: certificate,
    timeoutMs: 5_000,
    maxBytes: 1_000,
    ...changes,
  });
}
const get = (from: OutboundSender, url: string): ReturnType<OutboundSender['send']> =>
  from.send({ method: 'GET', url, headers: {} });

describe('OutboundSender', () => {
  it('sends and answers over TLS with the authorities it is told to trust', async () => {
    const sent = sender().send({
      method: 'POST',
      url: `${origin}/echo`,
      headers: { 'content-type': 'text/plain' },
      body: 'héllo',
    });
    expect(await sent).toMatchObject({ status: 200, text: 'héllo' });
  });

  it('trusts nobody else', async () => {
    await expect(get(sender({ ca: null }), `${origin}/echo`)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
    });
  });

  it.each([
    ['another host', () => 'https://login.microsoftonline.com/common'],
    ['another port of the same host', () => 'https://127.0.0.1:1/'],
    ['the same host without TLS', () => origin.replace('https:', 'http:')],
    ['a name that begins alike', () => `${origin.replace('127.0.0.1', '127.0.0.1.evil.test')}/`],
    ['another host behind a user name', () => origin.replace('https://', 'https://x@evil.test/')],
  ])('never calls %s', async (_, url) => {
    const before = seen.length;
    await expect(get(sender(), url())).rejects.toMatchObject({ kind: 'misconfigured' });
    expect(seen).toHaveLength(before);
  });

  it('never follows a redirect', async () => {
    expect(await get(sender(), `${origin}/redirect`)).toMatchObject({ status: 302 });
    expect(seen).not.toContain('GET /elsewhere');
  });

  it('reads no more than it may, and waits no longer', async () => {
    await expect(get(sender(), `${origin}/large`)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('1000 bytes'),
    });
    const hasty = get(sender({ timeoutMs: 50 }), `${origin}/silent`);
    await expect(hasty).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('no answer in time') });
  });

  it('tries a kept connection once more that was closed under it, and a new one not', async () => {
    const kept = sender();
    await get(kept, `${origin}/echo`);
    const count = (): number => seen.filter((line) => line === 'GET /close').length;
    await expect(get(kept, `${origin}/close`)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(count()).toBe(2);
    await expect(get(sender(), `${origin}/close`)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(count()).toBe(3);
  });

  it('speaks plain HTTP to the platform on this machine alone', async () => {
    const platform = sender({ origins: 'platform' });
    expect(await get(platform, `${plainOrigin}/echo`)).toMatchObject({ status: 200 });
    for (const url of ['http://10.0.0.1/', 'http://metadata.evil.test/', 'http://169.254.169.254.evil.test/']) {
      await expect(get(platform, url)).rejects.toMatchObject({ kind: 'misconfigured' });
    }
  });
});
