import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.js';
import type { Address } from './relayed-connection.js';
import { TcpProxy } from './tcp-proxy.js';

describe('TcpProxy', () => {
  let echo: Server;
  let proxy: TcpProxy;
  let at: Address;
  const clients: Socket[] = [];

  beforeEach(async () => {
    echo = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const address = echo.address();
    if (address === null || typeof address === 'string') throw new Error('the echo has no port');
    proxy = new TcpProxy({ target: { host: '127.0.0.1', port: address.port } });
    at = await proxy.start();
  });
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => echo.close(resolve));
  });

  it('passes on what it is given, both ways, in order, and the end of it', async () => {
    const { socket, received } = await client();
    const sent = Buffer.alloc(1_000_000, 'abcdefg');
    socket.end(sent);
    await once(socket, 'close');
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    await until('the connection is forgotten', () => proxy.open === 0);
  });

  it('holds bytes back for the latency, and keeps their order when the latency shrinks', async () => {
    const { socket, received } = await client();
    proxy.set({ latencyMs: 60 });
    const from = performance.now();
    socket.write('first,');
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.set({ latencyMs: 0 });
    socket.write('second');
    await until('both are back', () => Buffer.concat(received).length === 12);
    expect(Buffer.concat(received).toString()).toBe('first,second');
    expect(performance.now() - from).toBeGreaterThanOrEqual(59);
  });

  it('swallows everything in a blackhole, without an end or an error for either side', async () => {
    const { socket, received, states } = await client();
    proxy.set({ blackhole: true });
    socket.write('lost');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([received, states]).toEqual([[], []]);
    proxy.heal();
    await until('the damaged connection is reset', () => states.includes('ECONNRESET'));
    expect((await client()).socket.destroyed).toBe(false);
  });

  it('lets the server hear and the client not', async () => {
    const heard: string[] = [];
    echo.on('connection', (peer) => peer.on('data', (chunk: Buffer) => heard.push(chunk.toString())));
    const { socket, received } = await client();
    proxy.set({ muteAnswers: true });
    socket.write('asked');
    await until('the server has it', () => heard.join('') === 'asked');
    expect(received).toEqual([]);
  });

  it('resets what is open and refuses what is new until it is healed', async () => {
    const { states } = await client();
    proxy.cut();
    await until('the open connection is reset', () => states.includes('ECONNRESET'));
    const refused = await client();
    await until('the new connection is reset', () => refused.states.includes('ECONNRESET'));
    proxy.heal();
    const { socket, received } = await client();
    socket.write('back');
    await until('it answers again', () => Buffer.concat(received).toString() === 'back');
  });

  it('cuts a connection after so many bytes', async () => {
    const { socket, received, states } = await client();
    // 10 bytes on the way in leave 5 for the way back.
    proxy.set({ limitBytes: 15 });
    socket.write('0123456789');
    await until('the connection is reset', () => states.includes('ECONNRESET'));
    expect(Buffer.concat(received).toString()).toMatch(/^(01234)?$/);
  });

  it('resets a client whose server is not there', async () => {
    const lonely = new TcpProxy({ target: { host: '127.0.0.1', port: 1 } });
    at = await lonely.start();
    const { states } = await client();
    await until('the connection is reset', () => states.length > 0);
    await lonely.stop();
  });

  async function client(): Promise<{ socket: Socket; received: Buffer[]; states: string[] }> {
    const socket = connect(at);
    clients.push(socket);
    const received: Buffer[] = [];
    const states: string[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => states.push(error.code ?? error.message));
    socket.on('end', () => states.push('end'));
    await new Promise((resolve) => socket.once('connect', resolve).once('error', resolve));
    return { socket, received, states };
  }
});
