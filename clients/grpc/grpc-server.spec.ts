import { Client, credentials, Metadata, ServerInterceptingCall, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionSettings } from '#utilities/config/contract.js';
import { until } from '../../test/support/until.js';
import { GrpcServer } from './grpc-server.js';

const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const CONNECTIONS: ConnectionSettings = {
  keepaliveSeconds: 60,
  keepaliveTimeoutSeconds: 20,
  maxAgeSeconds: null,
  maxAgeGraceSeconds: 30,
  maxStreams: 10,
  keyWatchers: 1,
};
const same = (bytes: Buffer): Buffer => bytes;

describe('Connections of the gRPC port', () => {
  let server: GrpcServer;
  let client: Client;
  /** Addresses that calls came from: each connection has one. */
  let peers: Set<string>;

  const start = async (connections: Partial<ConnectionSettings>): Promise<void> => {
    peers = new Set();
    server = new GrpcServer({
      settings: { host: '127.0.0.1', port: 0, tls: null, certificateProxies: null, reflection: false },
      connections: { ...CONNECTIONS, ...connections },
      tls: null,
      interceptors: [
        (_method, call) => {
          peers.add(call.getPeer());
          return new ServerInterceptingCall(call);
        },
      ],
      drainMilliseconds: 100,
      onClosing: () => undefined,
    });
    await new Promise<void>((resolve, reject) => {
      void server.listen((cause?: unknown) => {
        if (cause === undefined) resolve();
        else reject(new Error('the port did not open', { cause }));
      });
    });
    client = new Client(`127.0.0.1:${String(server.port)}`, credentials.createInsecure());
  };
  afterEach(async () => {
    client.close();
    await server.close();
  });

  const check = (): Promise<string> =>
    new Promise((resolve) => {
      client.makeUnaryRequest(CHECK, same, same, Buffer.alloc(0), new Metadata(), { deadline: Date.now() + 10_000 }, (error) => {
        resolve(error === null ? 'OK' : status[error.code]);
      });
    });

  it('end when they are old, while no call fails', async () => {
    await start({ maxAgeSeconds: 1 });
    const answers = new Set<string>();
    await until('the client has connected anew', async () => {
      answers.add(await check());
      return peers.size > 1;
    });
    expect([...answers]).toEqual(['OK']);
  });

  it('tell watchers of every change of their names, and keep nothing of names that nobody knows', async () => {
    await start({});
    const watch = (name: string): Promise<unknown> => {
      const asked = Buffer.from([0x0a, name.length, ...Buffer.from(name)]);
      const stream = client.makeServerStreamRequest(WATCH, same, same, asked, new Metadata());
      stream.on('error', () => undefined);
      return new Promise((resolve) =>
        stream.once('data', (first: Buffer) => {
          stream.once('data', (second: Buffer) => resolve([first[1], second[1]]));
          if (first[1] !== 2) resolve(first[1]);
          else server.setServing(true);
        }),
      );
    };
    for (let at = 0; at < 3; at += 1) expect(await watch(`unknown-${String(at)}`)).toBe(3);
    expect(await watch('')).toEqual([2, 1]);
    const kept = JSON.stringify(Reflect.get(server, 'health'), (_name, value: unknown) =>
      value instanceof Map || value instanceof Set ? [...value.keys()].filter((key) => typeof key === 'string') : value,
    );
    expect(kept).toContain('countersign.auth.v1.AuthService');
    expect(kept).not.toContain('unknown');
  });

  it('end with the server, however long a call goes on', async () => {
    await start({});
    const stream = client.makeServerStreamRequest(WATCH, same, same, Buffer.alloc(0), new Metadata());
    const ended = new Promise<string>((resolve) => {
      stream.on('error', ({ code }: ServiceError) => {
        resolve(status[code]);
      });
    });
    await new Promise((resolve) => stream.once('data', resolve));
    await Promise.all([server.close(), server.close()]);
    expect(await ended).toMatch(/^(UNAVAILABLE|CANCELLED)$/);
  });
});
