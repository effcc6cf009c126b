import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { AuthServiceClient } from '#protos/generated/countersign/auth/v1/auth.js';
import { basic, exchangeForm, GRANT, JWT_TYPE, type RestAnswer } from '../support/callers.js';
import { authority, certificateOf, selfSigned, type SelfSigned } from '../support/self-signed.js';
import { freePort, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { asHeader, channelOf, type Connecting, exchangeBy, exchangeOverGrpc, overTls } from '../support/tls-callers.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** Calls at a time while certificates change; more where the machine is the test's alone. */
const ROTATIONS = Number(process.env['TLS_ROTATIONS'] ?? 4);

const thumbprint = ({ certificate }: SelfSigned): string =>
  createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');

describe('Mutual TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mutual-tls-'));
  const file = (name: string): string => join(folder, name);
  const clients = authority('clients of acme');
  const servers = authority('servers of countersign');
  const server = [certificateOf({ authority: servers }), certificateOf({ authority: servers })] as const;
  const known = selfSigned();
  const stranger = selfSigned();
  const vouchedFor = certificateOf({ name: 'worker.acme.example', authority: clients });
  const ca = servers.certificate;
  let service: TestService;

  const put = ({ certificate, privateKey }: SelfSigned): void => {
    writeFileSync(file('cert.pem'), certificate);
    writeFileSync(file('key.pem'), privateKey);
  };

  beforeAll(async () => {
    put(server[0]);
    writeFileSync(file('ca.pem'), clients.certificate);
    const port = await freePort();
    const tls = {
      certFile: file('cert.pem'),
      keyFile: file('key.pem'),
      clientCertificates: 'request',
      clientCaFile: file('ca.pem'),
    } as const;
    service = await startService({
      database: { kind: 'embedded', directory: null },
      settings: {
        issuer: `https://127.0.0.1:${String(port)}`,
        http: { host: '127.0.0.1', port, tls, certificateProxies: null },
        grpc: { host: '127.0.0.1', port: 0, tls, certificateProxies: null, reflection: false },
      },
    });
    const presents = { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] };
    const targets = [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }];
    const digest = createHash('sha256').update(service.secret).digest('hex');
    const sample = sampleDocument(service.identityProvider.cloud, digest) as { readonly clients: readonly object[] };
    await service.apply({
      ...sample,
      clients: [
        ...sample.clients,
        {
          clientId: 'self-signed',
          presents,
          targets,
          authentication: { methods: ['self_signed_tls_client_auth'], certificates: [thumbprint(known)] },
        },
        {
          clientId: 'vouched-for',
          presents,
          targets,
          authentication: { methods: ['tls_client_auth'], certificateName: { kind: 'dn', value: 'CN=worker.acme.example' } },
        },
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    rmSync(folder, { recursive: true });
  });

  const subjectToken = (): string => service.identityProvider.issue({ persona: 'alice' });
  const exchange = (
    connecting: Partial<Connecting>,
    more: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<RestAnswer> =>
    overTls(
      { ca, ...connecting },
      {
        url: `${service.host.httpUrl}/oauth2/token`,
        headers: { ...FORM, ...headers },
        body: exchangeForm(subjectToken(), { audience: SAMPLE_AUDIENCE, ...more }).toString(),
      },
    );
  const metadata = (entries: Record<string, string>): Metadata => {
    const made = new Metadata();
    for (const [name, value] of Object.entries(entries)) made.set(name, value);
    return made;
  };
  const call = (connecting: Partial<Connecting>, entries: Record<string, string>) =>
    exchangeOverGrpc(service.host, { ca, ...connecting }, metadata(entries), {
      subjectToken: subjectToken(),
      subjectTokenType: JWT_TYPE,
      audience: [SAMPLE_AUDIENCE],
    });
  const portal = (): Record<string, string> => ({ authorization: basic(PORTAL_CLIENT_ID, service.secret) });
  const cnfOf = (token: unknown): unknown => decodeJwt(String(token))['cnf'];

  it('RFC 8705 §2: proves who calls, over both transports', async () => {
    for (const [clientId, shown] of [
      ['self-signed', known],
      ['vouched-for', vouchedFor],
    ] as const) {
      const answer = await exchange({ shown }, { client_id: clientId });
      expect([answer.status, answer.body['code']]).toEqual([200, undefined]);
      expect(cnfOf(answer.body['access_token'])).toEqual({ 'x5t#S256': thumbprint(shown) });
      const { response } = await call({ shown }, { 'client-id': clientId });
      expect(cnfOf(response?.accessToken)).toEqual({ 'x5t#S256': thumbprint(shown) });
    }
  });

  it.each<[string, string, SelfSigned | undefined]>([
    ['no certificate', 'self-signed', undefined],
    ['the certificate of somebody else', 'self-signed', stranger],
    ['one that is not registered, though it is vouched for', 'self-signed', vouchedFor],
    ['a self-signed one', 'vouched-for', known],
    ['a self-signed one of the same name', 'vouched-for', certificateOf({ name: 'worker.acme.example' })],
    [
      'one of the same name that another authority vouches for',
      'vouched-for',
      certificateOf({ name: 'worker.acme.example', authority: authority() }),
    ],
    ['one of another name', 'vouched-for', certificateOf({ name: 'other.acme.example', authority: clients })],
  ])('proves nothing with %s', async (_what, clientId, shown) => {
    expect(await exchange({ shown }, { client_id: clientId })).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect((await call({ shown }, { 'client-id': clientId })).failure).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('RFC 8705 §3: binds the token of a client that proves itself by other means, and no other token', async () => {
    const bound = await exchange({ shown: stranger }, {}, portal());
    expect(bound.body).toMatchObject({ token_type: 'Bearer' });
    expect(cnfOf(bound.body['access_token'])).toEqual({ 'x5t#S256': thumbprint(stranger) });
    expect(cnfOf((await call({ shown: stranger }, portal())).response?.accessToken)).toEqual({
      'x5t#S256': thumbprint(stranger),
    });
    expect(cnfOf((await exchange({}, {}, portal())).body['access_token'])).toBeUndefined();
    expect(cnfOf((await call({}, portal())).response?.accessToken)).toBeUndefined();
  });

  it('RFC 9440: takes no certificate from a header, over either transport, whoever sends it', async () => {
    for (const name of ['client-cert', 'Client-Cert-Chain'])
      expect(await exchange({ shown: known }, { client_id: 'self-signed' }, { [name]: asHeader(known) })).toMatchObject({
        status: 400,
        body: { code: 'CLIENT_CERTIFICATE_NOT_TAKEN' },
      });
    const health = { url: `${service.host.httpUrl}/livez`, method: 'GET', headers: { 'client-cert': asHeader(known) } };
    expect(await overTls({ ca }, health)).toMatchObject({ status: 400, body: { code: 'CLIENT_CERTIFICATE_NOT_TAKEN' } });
    const { failure } = await call({ shown: known }, { 'client-id': 'self-signed', 'client-cert': asHeader(known) });
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'CLIENT_CERTIFICATE_NOT_TAKEN' });
  });

  it('has no DPoP over gRPC, and says so', async () => {
    const { failure } = await call({}, { ...portal(), dpop: 'eyJ.e.s' });
    expect(failure).toMatchObject({ reason: 'DPOP_PROOF_INVALID', metadata: { expected: 'DPoP over HTTP, or mutual TLS' } });
  });

  it('refuses TLS 1.1, and speaks h2 alone on the gRPC port', async () => {
    const old = { maxVersion: 'TLSv1.1' } as const;
    await expect(exchange(old, {}, portal())).rejects.toMatchObject({
      code: expect.stringMatching(/^(ERR_SSL|ECONNRESET|EPROTO)/),
    });
    expect((await exchange({ maxVersion: 'TLSv1.2' }, {}, portal())).status).toBe(200);
    const [host = '', port = ''] = service.host.grpcAddress.split(':');
    const negotiated = (ALPNProtocols: string[], versions: ConnectionOptions = {}) =>
      new Promise<string | false | null>((resolve) => {
        const socket = connectTls({ host, port: Number(port), ca, ALPNProtocols, ...versions }, () => {
          resolve(socket.alpnProtocol);
          socket.destroy();
        });
        socket.on('error', () => {
          resolve(null);
        });
      });
    expect(await negotiated(['h2', 'http/1.1'])).toBe('h2');
    expect(await negotiated(['http/1.1'])).not.toBe('http/1.1');
    const old11 = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    expect(await negotiated(['h2'], old11)).toBeNull();
    expect(await negotiated(['h2'], { maxVersion: 'TLSv1.2' })).toBe('h2');
  });

  it('works with openid-client', async () => {
    const { issuer } = service.settings;
    const metadataOfServer = (await overTls({ ca }, { url: `${issuer}/.well-known/oauth-authorization-server`, method: 'GET' }))
      .body;
    expect(metadataOfServer).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
    const config = new client.Configuration(
      metadataOfServer as unknown as client.ServerMetadata,
      'self-signed',
      undefined,
      client.TlsClientAuth(),
    );
    config[client.customFetch] = async (url, { method, headers, body }) => {
      const answer = await overTls(
        { ca, shown: known },
        { url, method, headers, body: body instanceof URLSearchParams ? body.toString() : '' },
      );
      return new Response(JSON.stringify(answer.body), {
        status: answer.status,
        headers: { 'content-type': 'application/json' },
      });
    };
    const issued = await client.genericGrantRequest(config, GRANT, {
      subject_token: subjectToken(),
      subject_token_type: JWT_TYPE,
      audience: SAMPLE_AUDIENCE,
    });
    expect(cnfOf(issued.access_token)).toEqual({ 'x5t#S256': thumbprint(known) });
  });

  it('takes new certificates and authorities under load without dropping a call, and keeps the old where the new are no good', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 2, ca });
    const stub = new AuthServiceClient(service.host.grpcAddress, channelOf({ ca }));
    const failures: unknown[] = [];
    let [going, calls] = [true, 0];
    const count = (isGood: boolean, told: unknown): void => {
      calls += 1;
      if (!isGood) failures.push(told);
    };
    const calling = async (once: () => Promise<void>): Promise<void> => {
      while (going) await once().catch((error: unknown) => failures.push(error));
    };
    const rest = (connecting: Partial<Connecting>) => async (): Promise<void> => {
      const answer = await exchange(connecting, {}, portal());
      count(answer.status === 200, answer.body);
    };
    const grpc = async (): Promise<void> => {
      const request = { subjectToken: subjectToken(), subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] };
      const { failure } = await exchangeBy(stub, metadata(portal()), request);
      count(failure === undefined, failure);
    };
    const fresh = async (): Promise<void> => {
      const { failure } = await call({}, portal());
      count(failure === undefined, failure);
    };
    /** By a certificate that one of the authorities vouches for, whichever others there are. */
    const vouched = async (): Promise<void> => {
      const { failure } = await call({ shown: vouchedFor }, { 'client-id': 'vouched-for' });
      count(failure === undefined, failure);
    };
    const others = [authority(), authority()] as const;
    const load = Promise.all([calling(rest({ agent })), calling(rest({})), calling(grpc), calling(fresh), calling(vouched)]);
    const serving = async (): Promise<string> =>
      (await peerOf(service.host.httpUrl)) + (await peerOf(`https://${service.host.grpcAddress}`));
    for (let rotation = 1; rotation <= ROTATIONS; rotation += 1) {
      const next = server[rotation % 2 === 0 ? 0 : 1];
      put(next);
      writeFileSync(file('ca.pem'), clients.certificate + others[rotation % 2 === 0 ? 0 : 1].certificate);
      await service.host.reloadCertificates();
      expect(await serving()).toBe(fingerprint(next) + fingerprint(next));
      writeFileSync(file('key.pem'), known.privateKey);
      await service.host.reloadCertificates();
      expect(await serving()).toBe(fingerprint(next) + fingerprint(next));
    }
    going = false;
    await load;
    agent.destroy();
    stub.close();
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(4 * ROTATIONS);
    writeFileSync(file('ca.pem'), authority().certificate);
    put(server[0]);
    await service.host.reloadCertificates();
    expect(await exchange({ shown: vouchedFor }, { client_id: 'vouched-for' })).toMatchObject({ status: 401 });
    expect((await call({ shown: vouchedFor }, { 'client-id': 'vouched-for' })).failure).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  }, 60_000);

  const fingerprint = ({ certificate }: SelfSigned): string => new X509Certificate(certificate).fingerprint256;
  const peerOf = (url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const socket = connectTls({ host: hostname, port: Number(port), ca, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.on('error', reject);
    });
});
