import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { selfSigned } from '../../test/support/self-signed.js';
import type { TlsContext } from '../tls/contract.js';
import { peerCertificate } from '../tls/peer-certificate.js';
import { http2ServersOf, sessionOf } from './call-connection.js';
import { ReloadedServerCredentials } from './tls-credentials.js';

const PATH = '/example.v1.AskingService/Ask';
const same = (bytes: Buffer): Buffer => bytes;

/** What is taken from private members of grpc-js. An upgrade that moves them fails here, before it fails anywhere else. */
describe('Of what grpc-js keeps to itself', () => {
  const [own, shown] = [selfSigned(), selfSigned()];
  const context = {
    cert: Buffer.from(own.certificate),
    key: Buffer.from(own.privateKey),
    ca: [],
    minVersion: 'TLSv1.2',
  } as const;
  let server: Server;
  let client: Client;
  let changed: (() => void) | undefined;
  /** What each interceptor saw; when a call is over its connection is not to be had any more. */
  const seen: { session: unknown; alpn: unknown; certificate: unknown; publicly: unknown }[] = [];

  beforeAll(async () => {
    const keep = (_method: unknown, call: ServerInterceptingCallInterface): ServerInterceptingCall => {
      const session = sessionOf(call);
      seen.push({
        session,
        alpn: session?.alpnProtocol,
        certificate: peerCertificate(session?.socket ?? {}),
        publicly: call.getAuthContext(),
      });
      return new ServerInterceptingCall(call);
    };
    // As in the service: one interceptor around another.
    server = new Server({ interceptors: [keep, keep] });
    const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
    server.addService(
      { ask: { path: PATH, requestStream: false, responseStream: false, ...bytes } },
      {
        ask: (_call: unknown, done: (error: null, answer: Buffer) => void) => {
          done(null, Buffer.alloc(0));
        },
      },
    );
    const tls = {
      current: { ...context, ca: [] },
      handshake: { requestCert: true, rejectUnauthorized: false },
      onChange: (taker: (taken: TlsContext) => void) => {
        changed = () => {
          taker({ ...context, ca: [], cert: Buffer.from(shown.certificate), key: Buffer.from(shown.privateKey) });
        };
      },
    };
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', new ReloadedServerCredentials(tls), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    client = new Client(
      `127.0.0.1:${String(port)}`,
      credentials.createSsl(Buffer.from(own.certificate), Buffer.from(shown.privateKey), Buffer.from(shown.certificate)),
      { 'grpc.ssl_target_name_override': 'localhost' },
    );
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(PATH, same, same, Buffer.alloc(0), new Metadata(), { deadline: Date.now() + 10_000 }, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  });
  afterAll(() => {
    client.close();
    server.forceShutdown();
  });

  it('the HTTP/2 servers of open ports are found, and it is said when they are not', () => {
    expect(http2ServersOf(server)).toHaveLength(1);
    expect(() => http2ServersOf(new Server())).toThrow('grpc-js keeps its HTTP/2 servers elsewhere');
  });

  it('the connection of a call is found from every interceptor', () => {
    const [inner, outer] = seen;
    expect([inner?.alpn, outer?.alpn]).toEqual(['h2', 'h2']);
    expect(outer?.session).toBe(inner?.session);
  });

  it('a certificate that no authority vouches for is read from it, which the public way does not tell', () => {
    const [call] = seen;
    expect(call?.certificate).toMatchObject({ chainIsTrusted: false });
    // When this fails, an upgrade tells it, and the private way can go.
    expect(call?.publicly).toEqual({});
  });

  it('new certificates are taken by credentials of our own', () => {
    expect(() => changed?.()).not.toThrow();
    expect(typeof Reflect.get(ServerCredentials.prototype, 'updateSecureContextOptions')).toBe('function');
  });
});
