import { createHash, X509Certificate } from 'node:crypto';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  type ChannelCredentials,
  credentials,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ErrorInfo, Help, RetryInfo } from '../../../protos/generated/google/rpc/error_details.js';
import { Status } from '../../../protos/generated/google/rpc/status.js';
import { authority, certificateOf } from '../../../test/support/self-signed.js';
import { authenticated, open, permissions, steppedUp } from '../access.js';
import { CountersignError } from '../countersign-error.js';
import { LiveIssuer } from '../fixtures/tokens-of-now.js';
import { HttpGuard } from '../http/http-guard.js';
import { type Answer, call, type Invoice } from '../nestjs/fixtures/billing.service.js';
import { encodeRpcStatus } from './rpc-status.js';
import { refusalStatus } from './refusal-status.js';
import { countersignInterceptor, type GrpcGuardOptions, tokenOf } from './server-interceptor.js';

const BILLING = '/acme.billing.v1.Billing';
const loaded = loadPackageDefinition(loadSync(join(import.meta.dirname, '../nestjs/fixtures/billing.proto')));
const { service } = (loaded as unknown as { acme: { billing: { v1: { Billing: { service: ServiceDefinition } } } } }).acme.billing
  .v1.Billing;

/** Which handlers were told of a call, and by whom. */
const reached: string[] = [];

interface Stream {
  readonly metadata: Parameters<typeof tokenOf>[0]['metadata'];
  write(message: Invoice): void;
  end(): void;
  on(event: string, listener: (message: Invoice) => void): void;
}

const HANDLERS = {
  GetInvoice: (one: Stream, answer: (error: null, message: Invoice) => void) => {
    reached.push('GetInvoice');
    answer(null, { id: tokenOf(one).subject });
  },
  ListInvoices: (stream: Stream) => {
    reached.push('ListInvoices');
    stream.write({ id: '1' });
    stream.end();
  },
  Upload: (stream: Stream, answer: (error: null, message: Invoice) => void) => {
    reached.push('Upload');
    stream.on('data', (message) => reached.push(`message ${message.id}`));
    stream.on('end', () => {
      answer(null, { id: 'done' });
    });
  },
  Talk: (stream: Stream) => {
    reached.push('Talk');
    stream.on('data', (message) => {
      stream.write(message);
    });
    stream.on('end', () => {
      stream.end();
    });
  },
} as unknown as UntypedServiceImplementation;

let issuer: LiveIssuer;
const servers: Server[] = [];

beforeAll(async () => {
  issuer = await new LiveIssuer().open();
});

afterAll(async () => {
  for (const server of servers) server.forceShutdown();
  await issuer.close();
});

async function serving(options: Partial<GrpcGuardOptions>, at = ServerCredentials.createInsecure()): Promise<string> {
  const interceptor = countersignInterceptor({ verifier: issuer.verifier, methods: {}, ...options });
  const server = new Server({ interceptors: [interceptor] });
  servers.push(server);
  server.addService(service, HANDLERS);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', at, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return `127.0.0.1:${port}`;
}

const METHODS = {
  [`${BILLING}/GetInvoice`]: permissions('billing:invoice:read'),
  [`${BILLING}/ListInvoices`]: authenticated(),
  [`${BILLING}/Upload`]: permissions('billing:invoice:create'),
  [`${BILLING}/Talk`]: steppedUp(authenticated(), { acrValues: ['c2'] }),
};
const ALL = ['GetInvoice', 'ListInvoices', 'Upload', 'Talk'] as const;

describe('A server of grpc-js', () => {
  let address: string;

  beforeAll(async () => {
    address = await serving({ methods: METHODS });
  });

  it.each(ALL)('tells the handler of %s of no call without a token, and reads none of its messages', async (method) => {
    reached.length = 0;
    for (const authorization of [undefined, 'Basic dTpw', 'DPoP x', 'Bearer', `Bearer ${issuer.token()}x`]) {
      const answer = await call(address, method, authorization === undefined ? {} : { authorization });
      expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, messages: [] });
      expect(answer.metadata.get('www-authenticate')[0]).toMatch(/^Bearer/);
    }
    expect(reached).toEqual([]);
  });

  it('lets in who may, over calls of every kind', async () => {
    reached.length = 0;
    const authorization = issuer.bearer({ permissions: ['billing:invoice:read', 'billing:invoice:create'], acr: 'c2' });
    for (const method of ALL) expect(await call(address, method, { authorization })).toMatchObject({ code: status.OK });
    expect((await call(address, 'GetInvoice', { authorization })).messages).toEqual([{ id: 'u_ana' }]);
    expect(reached).toContain('message 7');
  });

  it('refuses who may not, with what would be enough', async () => {
    reached.length = 0;
    const authorization = issuer.bearer();
    const upload = await call(address, 'Upload', { authorization });
    expect(upload).toMatchObject({ code: status.PERMISSION_DENIED, messages: [] });
    expect(upload.metadata.get('www-authenticate')[0]).toContain('scope="billing:invoice:create"');
    const talk = await call(address, 'Talk', { authorization });
    expect(talk).toMatchObject({ code: status.UNAUTHENTICATED, messages: [] });
    expect(talk.metadata.get('www-authenticate')[0]).toMatch(/insufficient_user_authentication.*acr_values="c2"/);
    expect(reached).toEqual([]);
  });

  it('lets nobody call what is not named, whatever the token holds', async () => {
    reached.length = 0;
    const bare = await serving({ methods: { '/grpc.health.v1.Health/Check': open() } });
    for (const method of ALL) {
      const answer = await call(bare, method, { authorization: issuer.bearer() });
      expect(answer).toMatchObject({ code: status.PERMISSION_DENIED, messages: [] });
      expect(errorInfo(answer.metadata.get('grpc-status-details-bin')[0]).reason).toBe('ACCESS_UNDECIDED');
    }
    expect(reached).toEqual([]);
  });

  it('lets everybody call what is open, and does not look at their tokens', async () => {
    const bare = await serving({ methods: { [`${BILLING}/ListInvoices`]: open() } });
    expect(await call(bare, 'ListInvoices')).toMatchObject({ code: status.OK });
    expect(await call(bare, 'ListInvoices', { authorization: 'Bearer nonsense' })).toMatchObject({ code: status.OK });
  });

  it.each(['acme.billing.v1.Billing/GetInvoice', `${BILLING}/*`, `${BILLING}/`, '/GetInvoice', '*', ''])(
    'is not made with "%s" for a method: a name that is never called would guard nothing',
    (name) => {
      const methods = { [name]: open() };
      expect(() => countersignInterceptor({ verifier: issuer.verifier, methods })).toThrow(TypeError);
    },
  );

  it('hides what goes wrong in it, and tells its program', async () => {
    const told: unknown[] = [];
    const broken = { ...issuer.verifier, helpBase: '', verify: () => Promise.reject(new Error('hunter2')) };
    const bare = await serving({ verifier: broken, methods: METHODS, onFailure: (error) => told.push(error) });
    const answer = await call(bare, 'GetInvoice', { authorization: issuer.bearer() });
    expect(answer).toMatchObject({ code: status.INTERNAL, message: 'The call failed.' });
    expect(told).toEqual([new Error('hunter2')]);
  });
});

describe('A stream', () => {
  const shortLived = (): string => {
    const now = Math.floor(Date.now() / 1_000);
    return issuer.bearer({ iat: now - 1, exp: now + 2, acr: 'c2' });
  };

  it('ends with its token, and is told why; where that was asked for, it goes on', async () => {
    const talk = async (options: Partial<GrpcGuardOptions>): Promise<Answer> => {
      const address = await serving({ methods: METHODS, ...options });
      return call(address, 'Talk', { authorization: shortLived() }, { halfClose: false, milliseconds: 2_500 });
    };
    const [ended, went] = await Promise.all([talk({}), talk({ streamsOutliveTokens: true })]);
    expect(ended).toMatchObject({ code: status.UNAUTHENTICATED, message: 'The token has ended.', messages: [{ id: '7' }] });
    expect(errorInfo(ended.metadata.get('grpc-status-details-bin')[0]).reason).toBe('TOKEN_EXPIRED');
    expect(went).toMatchObject({ code: status.DEADLINE_EXCEEDED, messages: [{ id: '7' }] });
  });
});

describe('A token that is bound to a certificate', () => {
  const ca = authority();
  const held = certificateOf({ authority: ca, name: 'ana' });
  const other = certificateOf({ authority: ca, name: 'bob' });
  const server = certificateOf({ authority: ca });
  const bound = (): string =>
    issuer.bearer({
      cnf: { 'x5t#S256': createHash('sha256').update(new X509Certificate(held.certificate).raw).digest('base64url') },
    });

  it('is good over gRPC with that certificate, and with nothing else', async () => {
    const roots = Buffer.from(ca.certificate);
    const pair = { private_key: Buffer.from(server.privateKey), cert_chain: Buffer.from(server.certificate) };
    const address = await serving({ methods: METHODS }, ServerCredentials.createSsl(roots, [pair], true));
    const by = (of: typeof held): ChannelCredentials =>
      credentials.createSsl(roots, Buffer.from(of.privateKey), Buffer.from(of.certificate));
    const headers = { authorization: bound() };
    expect(await call(address, 'GetInvoice', headers, { by: by(held) })).toMatchObject({ code: status.OK });
    const refused = await call(address, 'GetInvoice', headers, { by: by(other) });
    expect(refused).toMatchObject({ code: status.UNAUTHENTICATED, messages: [] });
    expect(errorInfo(refused.metadata.get('grpc-status-details-bin')[0]).reason).toBe('BINDING_NOT_SHOWN');
  });

  it('is good over HTTPS with that certificate, and with nothing else', async () => {
    const guard = new HttpGuard({ verifier: issuer.verifier });
    const tls = { key: server.privateKey, cert: server.certificate, ca: ca.certificate };
    const https = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      guard.admit(request, authenticated()).then(
        () => response.end('in'),
        (error: unknown) => response.end((error as CountersignError).reason),
      );
    });
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
    const { port } = https.address() as AddressInfo;
    const by = (of?: typeof held): Promise<string> =>
      new Promise((resolve, reject) => {
        const mine = of === undefined ? {} : { key: of.privateKey, cert: of.certificate };
        const to = { host: '127.0.0.1', port, ca: ca.certificate, agent: false, headers: { authorization: bound() }, ...mine };
        const asked = httpsRequest(to, (response) => response.on('data', (chunk: Buffer) => resolve(chunk.toString())));
        asked.on('error', reject).end();
      });
    expect(await by(held)).toBe('in');
    expect(await by(other)).toBe('BINDING_NOT_SHOWN');
    expect(await by()).toBe('BINDING_NOT_SHOWN');
    https.close();
  });
});

describe('The details of a refusal', () => {
  it('are read by generated code as they were written', () => {
    const text = 'é'.repeat(300);
    const bytes = encodeRpcStatus({
      code: 16,
      message: text,
      errorInfo: { reason: 'R', domain: 'countersign', metadata: { a: text, b: '' } },
      help: { description: 'D', url: 'https://x.test/' },
      retryDelaySeconds: 300,
    });
    const { code, message, details } = Status.decode(bytes);
    expect({ code, message }).toEqual({ code: 16, message: text });
    expect(details.map(({ typeUrl }) => typeUrl)).toEqual(
      ['ErrorInfo', 'Help', 'RetryInfo'].map((name) => `type.googleapis.com/google.rpc.${name}`),
    );
    expect(ErrorInfo.decode(details[0]!.value)).toEqual({
      reason: 'R',
      domain: 'countersign',
      metadata: { a: text, b: '' },
    });
    expect(Help.decode(details[1]!.value).links).toEqual([{ description: 'D', url: 'https://x.test/' }]);
    expect(RetryInfo.decode(details[2]!.value).retryDelay?.seconds).toBe(300);
  });

  it('say when to come back, where that helps', () => {
    const helpBase = 'https://wiki.test/';
    const later = refusalStatus(new CountersignError('KEYS_UNAVAILABLE'), { helpBase })!;
    expect(later.code).toBe(status.UNAVAILABLE);
    expect(later.metadata.get('www-authenticate')).toEqual([]);
    const packed = Status.decode(later.metadata.get('grpc-status-details-bin')[0] as Buffer);
    expect(RetryInfo.decode(packed.details[2]!.value).retryDelay?.seconds).toBe(5);
    expect(errorInfo(later.metadata.get('grpc-status-details-bin')[0]).metadata).toEqual({
      code: 'KEYS_UNAVAILABLE',
      diagnostic_id: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    });
  });
});

function errorInfo(packed: unknown): ErrorInfo {
  return ErrorInfo.decode(Status.decode(packed as Buffer).details[0]!.value);
}
