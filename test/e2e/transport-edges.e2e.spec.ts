import { createHash, X509Certificate } from 'node:crypto';
import { request as rawRequest } from 'node:http';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { ERROR_MAPPING } from '#clients/error-mapping.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { CATALOGUE, type ErrorCode } from '#utilities/errors/catalogue.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { selfSigned } from '../support/self-signed.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { asHeader } from '../support/tls-callers.js';

const told = (code: ErrorCode): string => `${ERROR_MAPPING[code].grpc}: ${CATALOGUE[code].summary}`;
const EXCHANGE = '/countersign.auth.v1.AuthService/ExchangeToken';

describe('At the edges of both transports', () => {
  const known = selfSigned();
  const thumbprint = createHash('sha256').update(new X509Certificate(known.certificate).raw).digest('base64url');
  let service: TestService;
  beforeAll(async () => {
    // This host stands for the proxy.
    const certificateProxies = { addresses: ['127.0.0.0/8'], checksChain: false };
    const grpc = { host: '127.0.0.1', port: 0, tls: null, certificateProxies, reflection: false };
    service = await startService({ database: { kind: 'embedded', directory: null }, settings: { grpc } });
  }, 60_000);
  afterAll(() => service.stop());

  const portal = (): string => basic(PORTAL_CLIENT_ID, service.secret);
  const alice = (): string => service.identityProvider.issue({ persona: 'alice' });

  /** One unary call of raw header lines and bytes; answers the status of gRPC. */
  function rawCall(authorizations: readonly string[], message: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      // Node itself would not send one header twice.
      const lenient = { strictSingleValueFields: false, peerMaxConcurrentStreams: 1 };
      const session = connectHttp2(`http://${service.host.grpcAddress}`, lenient);
      session.on('error', reject);
      const lines = authorizations.flatMap((value) => ['authorization', value]);
      const pseudo = [':method', 'POST', ':path', EXCHANGE, ':scheme', 'http', ':authority', 'localhost'];
      const stream = session.request([...pseudo, 'content-type', 'application/grpc', 'te', 'trailers', ...lines]);
      const settle = (headers: IncomingHttpHeaders): void => {
        const code = headers['grpc-status'];
        if (code === undefined) return;
        session.destroy();
        resolve(`${status[Number(code)] ?? String(code)}: ${decodeURIComponent(String(headers['grpc-message']))}`);
      };
      stream.on('response', settle).on('trailers', settle).on('error', reject);
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(message.length, 1);
      stream.resume();
      stream.end(Buffer.concat([frame, message]));
    });
  }

  it('refuses a second authorization header over gRPC, whichever of the two is good', async () => {
    expect(await rawCall([portal()], Buffer.alloc(0))).toBe(told('REQUEST_PARAMETER_MISSING'));
    for (const two of [
      [portal(), 'Basic eDp5'],
      ['Basic eDp5', portal()],
      [portal(), portal()],
    ])
      expect(await rawCall(two, Buffer.alloc(0))).toBe(told('CLIENT_AUTHENTICATION_AMBIGUOUS'));
    expect(await rawCall(['Basic eDp5'], Buffer.alloc(0))).toBe(told('CLIENT_UNAUTHENTICATED'));
  });

  it('refuses bytes that are no message as a bad request of the caller, and nobody unknown learns even that', async () => {
    const bytes = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff]);
    expect(await rawCall([portal()], bytes)).toBe(told('REQUEST_MALFORMED'));
    expect(await rawCall(['Basic eDp5'], bytes)).toBe(told('CLIENT_UNAUTHENTICATED'));
    expect(await rawCall([], bytes)).toBe(told('CLIENT_UNAUTHENTICATED'));
  });

  it.each(['/%', '/%c0%af', '/oauth2/%zz', '/%80'])(
    'answers a URL that means nothing (%s) in the shape of every refusal',
    async (path) => {
      const { hostname, port } = new URL(service.host.httpUrl);
      const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const sent = rawRequest({ hostname, port, path, method: 'POST' }, (got) => {
          const chunks: Buffer[] = [];
          got
            .on('data', (chunk: Buffer) => chunks.push(chunk))
            .on('end', () => {
              resolve({ status: got.statusCode, text: Buffer.concat(chunks).toString() });
            });
        });
        sent.on('error', reject);
        sent.end();
      });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toEqual({
        error: 'invalid_request',
        error_description: expect.any(String),
        code: 'REQUEST_MALFORMED',
        diagnostic_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        expected: expect.any(String),
      });
    },
  );

  it('RFC 9440: takes the certificate of a client from a listed proxy, and from no other', async () => {
    const digest = createHash('sha256').update(service.secret).digest('hex');
    const sample = sampleDocument(service.identityProvider.cloud, digest) as { readonly clients: readonly object[] };
    const ours = {
      clientId: 'behind-proxy',
      presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
      targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
      authentication: { methods: ['self_signed_tls_client_auth'], certificates: [thumbprint] },
    };
    await service.apply({ ...sample, clients: [...sample.clients, ours] });
    const metadata = (header: string): Metadata => {
      const made = new Metadata();
      made.set('client-id', 'behind-proxy');
      made.set('client-cert', header);
      return made;
    };
    const request = { subjectToken: alice(), subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] };
    const { response } = await call(service.host, metadata(asHeader(known)), request);
    expect(decodeJwt(response?.accessToken ?? '')['cnf']).toEqual({ 'x5t#S256': thumbprint });
    const other = await call(service.host, metadata(asHeader(selfSigned())), request);
    expect(other.failure?.code).toBe('UNAUTHENTICATED');
    const twice = metadata(asHeader(known));
    twice.add('client-cert', asHeader(known));
    expect((await call(service.host, twice, request)).failure?.code).toBe('INVALID_ARGUMENT');
    // The REST port lists nobody.
    const form = exchangeForm(alice(), { audience: SAMPLE_AUDIENCE, client_id: 'behind-proxy' });
    expect(await post(service.host, form, { 'client-cert': asHeader(known) })).toMatchObject({
      status: 400,
      body: { code: 'CLIENT_CERTIFICATE_NOT_TAKEN' },
    });
  });
});
