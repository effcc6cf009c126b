import type { LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MetadataFault } from '../metadata-fault.js';
import { GuardedHttp } from './guarded.http.js';
import { OutboundGuard, type ResolveName } from './outbound.guard.js';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const CLOSED = { allowLoopbackHttp: false, allowedPrivateAddresses: [] as readonly string[] };
const DEV = { ...CLOSED, allowLoopbackHttp: true };

const at = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** A name server that answers these lists one after the other, the last one for ever, and counts. */
function resolver(...answers: readonly LookupAddress[][]): { readonly resolve: ResolveName; readonly asked: string[] } {
  const asked: string[] = [];
  const resolve: ResolveName = (hostname) => {
    asked.push(hostname);
    return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? []);
  };
  return { resolve, asked };
}

function vet(url: string, answer: readonly LookupAddress[], policy = CLOSED): Promise<string> {
  const guard = new OutboundGuard({ policy, resolve: () => Promise.resolve(answer) });
  return guard.vet(new URL(url)).then(
    ({ reach }) => reach,
    (error: unknown) => (error instanceof MetadataFault ? error.reason : String(error)),
  );
}

/** Listens on one address of this machine and counts. */
async function canary(address: string, port = 0): Promise<{ readonly port: number; hits: number }> {
  const state = { port: 0, hits: 0 };
  const server = createServer((_request, response) => {
    state.hits += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const bound = server.address();
  state.port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return state;
}

async function get(url: string, policy: typeof CLOSED, resolve: ResolveName): Promise<string> {
  const http = new GuardedHttp({ guard: new OutboundGuard({ policy, resolve }) });
  try {
    await http.get(new URL(url), { maxBytes: 1_000, signal: AbortSignal.timeout(2_000) });
    return 'answered';
  } catch (error) {
    return error instanceof MetadataFault ? error.reason : String(error);
  }
}

describe('OutboundGuard', () => {
  it('lets public addresses through', async () => {
    expect(await vet('https://login.example/x', at('20.190.160.1', '2603:1000::1'))).toBe('public');
    expect(await vet('https://20.190.160.1/', [])).toBe('public');
  });

  it('refuses what has no address at all', async () => {
    expect(await vet('https://login.example/', [])).toBe('address-refused');
  });

  it('lets listed private ranges through, and no others', async () => {
    const policy = { ...CLOSED, allowedPrivateAddresses: ['10.20.0.0/16', 'fd12::/16'] };
    expect(await vet('https://adfs.corp/', at('10.20.1.1'), policy)).toBe('private');
    expect(await vet('https://adfs.corp/', at('fd12::7', '10.20.1.1'), policy)).toBe('private');
    expect(await vet('https://adfs.corp/', at('10.21.1.1'), policy)).toBe('address-refused');
    expect(await vet('https://adfs.corp/', at('10.20.1.1', '10.21.1.1'), policy)).toBe('address-refused');
    expect(await vet('https://adfs.corp/', at('127.0.0.1'), policy)).toBe('address-refused');
  });

  it('reaches no metadata service, whatever is listed', async () => {
    const policy = { ...DEV, allowedPrivateAddresses: ['100.64.0.0/10', 'fc00::/7'] };
    for (const address of ['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', '168.63.129.16'])
      expect(await vet('https://idp.corp/', at(address), policy)).toBe('address-refused');
  });

  it('speaks HTTP to nobody in production', async () => {
    expect(await vet('http://login.example/', at('20.190.160.1'))).toBe('address-refused');
    expect(await vet('http://127.0.0.1/', [])).toBe('address-refused');
  });

  it('takes this machine in development by its own names alone', async () => {
    expect(await vet('http://localhost:1/', at('127.0.0.1', '::1'), DEV)).toBe('loopback');
    expect(await vet('http://127.0.0.1:1/', [], DEV)).toBe('loopback');
    expect(await vet('https://points-here.example/', at('127.0.0.1'), DEV)).toBe('address-refused');
    expect(await vet('http://localhost:1/', at('10.0.0.1'), DEV)).toBe('address-refused');
  });
});

/** Spellings of this machine, of private networks and of metadata services, as a host in a URL. */
const LITERALS = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '0',
  '0.0.0.0',
  '10.0.0.1',
  '0xa000001',
  '012.0.0.1',
  '192.168.1.1',
  '3232235777',
  '172.16.0.1',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '100.64.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[fe80::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[2002:7f00:1::]',
  '[64:ff9b::7f00:1]',
  '[ff02::1]',
];

describe('CVE-2026-41413 (an address in metadata that leads into the private network)', () => {
  it.each(LITERALS)('refuses the literal %s without a look-up', async (host) => {
    const { resolve, asked } = resolver(at('20.190.160.1'));
    const guard = new OutboundGuard({ policy: CLOSED, resolve });
    await expect(guard.vet(new URL(`https://${host}/keys`))).rejects.toMatchObject({ reason: 'address-refused' });
    expect(asked).toEqual([]);
  });

  it.each(['127.0.0.1.nip.example', 'localtest.example', 'metadata.google.internal', 'a.10-0-0-1.sslip.example'])(
    'refuses %s, a public name of a private address',
    async (host) => {
      for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fd00::1', '::ffff:10.0.0.1'])
        expect(await vet(`https://${host}/`, at(address))).toBe('address-refused');
    },
  );
});

describe('CVE-2026-32301 (a connection to wherever a document says)', () => {
  it('never reaches a canary on this machine', async () => {
    const trap = await canary('127.0.0.1');
    const { resolve } = resolver(at('127.0.0.1'));
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', 'points-here.example', '[::ffff:127.0.0.1]']) {
      expect(await get(`https://${host}:${String(trap.port)}/`, CLOSED, resolve)).toBe('address-refused');
      expect(await get(`http://${host}:${String(trap.port)}/`, CLOSED, resolve)).toBe('address-refused');
    }
    expect(trap.hits).toBe(0);
  });
});

describe('DNS rebinding between check and connect (better-auth 11158)', () => {
  it('connects to the address that was looked at, and asks the name server once', async () => {
    // The name server of this machine says 127.0.0.1, where the trap is; the answer that was looked at says 127.0.0.2.
    const good = await canary('127.0.0.2');
    const trap = await canary('127.0.0.1', good.port);
    const { resolve, asked } = resolver(at('127.0.0.2'), at('127.0.0.1'));
    expect(await get(`http://localhost:${String(good.port)}/`, DEV, resolve)).toBe('answered');
    expect(asked).toEqual(['localhost']);
    expect([good.hits, trap.hits]).toEqual([1, 0]);
  });

  it('looks anew for each connection, so that an answer that has turned is refused', async () => {
    const good = await canary('127.0.0.1');
    const { resolve, asked } = resolver(at('127.0.0.1'), at('169.254.169.254'));
    expect(await get(`http://localhost:${String(good.port)}/`, DEV, resolve)).toBe('answered');
    expect(await get(`http://localhost:${String(good.port)}/`, DEV, resolve)).toBe('address-refused');
    expect(asked).toHaveLength(2);
    expect(good.hits).toBe(1);
  });

  it.each([['127.0.0.1'], ['10.0.0.1'], ['169.254.169.254'], ['::1'], ['::ffff:127.0.0.1'], ['fd00::1'], ['0.0.0.0']])(
    'refuses a good address in the company of %s, in either order',
    async (bad) => {
      expect(await vet('https://login.example/', at('20.190.160.1', bad))).toBe('address-refused');
      expect(await vet('https://login.example/', at(bad, '20.190.160.1'))).toBe('address-refused');
    },
  );

  it('gives up a name server that does not answer', async () => {
    const http = new GuardedHttp({ guard: new OutboundGuard({ policy: CLOSED, resolve: () => new Promise(() => undefined) }) });
    const limits = { maxBytes: 1, signal: AbortSignal.timeout(20) };
    await expect(http.get(new URL('https://login.example/'), limits)).rejects.toMatchObject({ reason: 'timeout' });
  });
});

describe('GuardedHttp', () => {
  it('does not go through a proxy that the environment names', async () => {
    const trap = await canary('127.0.0.1');
    const good = await canary('127.0.0.1');
    const proxy = `http://127.0.0.1:${String(trap.port)}`;
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: proxy, http_proxy: proxy, NODE_USE_ENV_PROXY: '1' });
    try {
      expect(await get(`http://127.0.0.1:${String(good.port)}/`, DEV, resolver([]).resolve)).toBe('answered');
    } finally {
      process.env = before;
    }
    expect([good.hits, trap.hits]).toEqual([1, 0]);
  });

  it('does not change to another protocol', async () => {
    const server = createServer();
    server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    );
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.on('request', (_request, response) => {
      response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
    });
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    expect(await get(`http://127.0.0.1:${String(port)}/`, DEV, resolver([]).resolve)).toBe('unreachable');
  });
});
