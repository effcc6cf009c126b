import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { CATALOGUE } from '#utilities/errors/catalogue.js';
import { basic, call, callRaw, exchangeForm, GRANT, JWT_TYPE, post } from '../support/callers.js';
import { BAD_REQUESTS, type BadRequestRow } from './bad-requests.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

describe('Bad input', () => {
  let service: TestService;
  let authorization: string;
  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    authorization = basic(PORTAL_CLIENT_ID, service.secret);
    const targets = [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:invoice:*'] }];
    const presents = { own: [{ issuer: 'devkit', id: '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5' }] };
    const secretSha256 = [createHash('sha256').update(service.secret).digest('hex')];
    await service.apply({
      apiVersion: 'countersign/v1',
      applications: [{ audience: 'https://ledger.acme.example', prefix: 'ledger', permissions: [{ name: 'ledger:entry:read' }] }],
    });
    await service.apply({
      apiVersion: 'countersign/v1',
      issuers: sampleDocument(service.identityProvider.cloud, secretSha256[0] ?? '')['issuers'],
      tenants: [{ slug: 'acme' }],
      clients: [
        { clientId: 'narrow', secretSha256, presents, targets },
        { clientId: 'stranger', secretSha256, presents: {}, targets },
      ],
    });
  }, 60_000);
  afterAll(() => service.stop());

  const alice = (changes = {}): string => service.identityProvider.issue({ persona: 'alice', version: 2, ...changes });
  const formOf = (row: BadRequestRow): URLSearchParams => {
    const form = exchangeForm(alice(), { audience: SAMPLE_AUDIENCE });
    for (const [name, value] of Object.entries(row.form)) {
      if (value === null) form.delete(name);
      else form.set(name, value);
    }
    return form;
  };

  describe.each(BAD_REQUESTS)('$name', (row) => {
    const client =
      row.code === 'TARGET_NOT_ALLOWED' || row.code === 'SCOPE_NOT_ALLOWED' || row.code === 'SCOPE_NOT_HELD'
        ? 'narrow'
        : PORTAL_CLIENT_ID;

    it(`is ${row.code} over REST`, async () => {
      const answer = await post(service.host, formOf(row), { authorization: basic(client, service.secret) });
      expect([answer.status, answer.body['error'], answer.body['code']]).toEqual([...row.http, row.code]);
      expect(answer.body['diagnostic_id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.body['error_description']).toBe(CATALOGUE[row.code].summary);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      if (row.field !== undefined) expect(answer.body['field']).toBe(row.field);
    });

    it(`is ${row.code} over gRPC`, async () => {
      const request = { subjectToken: alice(), subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE], ...row.request };
      const { failure } = await call(service.host, basic(client, service.secret), request);
      expect(failure).toMatchObject({ code: row.grpc, reason: row.code, domain: 'countersign' });
      expect(failure?.metadata).toMatchObject({ code: row.code, diagnostic_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
      if (row.field !== undefined && row.grpc === 'INVALID_ARGUMENT') expect(failure?.violations).toEqual([row.field]);
    });
  });

  describe('the wrong presenter', () => {
    it('is refused by name over REST and gRPC', async () => {
      const answer = await post(service.host, exchangeForm(alice()), { authorization: basic('stranger', service.secret) });
      expect(answer.body).toMatchObject({ error: 'invalid_request', code: 'TOKEN_PRESENTER_MISMATCH' });
      expect(answer.status).toBe(400);
      const { failure } = await call(service.host, basic('stranger', service.secret), {
        subjectToken: alice(),
        subjectTokenType: JWT_TYPE,
      });
      expect(failure).toMatchObject({ code: 'PERMISSION_DENIED', reason: 'TOKEN_PRESENTER_MISMATCH' });
    });
  });

  describe('client authentication', () => {
    it.each([
      ['no credentials', {}],
      ['a wrong secret', { authorization: basic(PORTAL_CLIENT_ID, `cs_${'A'.repeat(43)}`) }],
      ['an unknown client', { authorization: basic('nobody', `cs_${'A'.repeat(43)}`) }],
      ['another scheme', { authorization: 'Bearer abc' }],
    ])('%s is 401 invalid_client with WWW-Authenticate', async (_name, headers: Record<string, string>) => {
      const answer = await post(service.host, exchangeForm(alice()), headers);
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ error: 'invalid_client', code: 'CLIENT_UNAUTHENTICATED' });
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
      const { failure } = await call(service.host, headers['authorization'], {
        subjectToken: alice(),
        subjectTokenType: JWT_TYPE,
      });
      expect(failure).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'CLIENT_UNAUTHENTICATED' });
      expect(failure?.trailers.get('www-authenticate')[0]).toMatch(/^Basic /);
    });

    it('is not asked for where the form cannot be read: what is refused after it has a record', async () => {
      const form = exchangeForm(alice(), { audience: SAMPLE_AUDIENCE, impersonation: 'yes' });
      for (const headers of [{ authorization }, { authorization: basic('nobody', 'wrong') }]) {
        const { status, body } = await post(service.host, form, headers);
        expect([status, body['code'], body['field']]).toEqual([400, 'REQUEST_PARAMETER_INVALID', 'impersonation']);
      }
    });

    it('by header and form at once is refused', async () => {
      const answer = await post(
        service.host,
        exchangeForm(alice(), { client_id: PORTAL_CLIENT_ID, client_secret: service.secret }),
        { authorization },
      );
      expect(answer.body).toMatchObject({ error: 'invalid_request', code: 'CLIENT_AUTHENTICATION_AMBIGUOUS' });
    });

    it('by two Authorization headers is refused, over both transports', async () => {
      const body = exchangeForm(alice()).toString();
      const lines = [
        'POST /oauth2/token HTTP/1.1',
        'host: x',
        `authorization: ${authorization}`,
        'authorization: Basic eDp5',
        'content-type: application/x-www-form-urlencoded',
        `content-length: ${String(body.length)}`,
        'connection: close',
        '',
        body,
      ];
      expect(await raw(lines.join('\r\n'))).toContain('CLIENT_AUTHENTICATION_AMBIGUOUS');
      const metadata = new Metadata();
      metadata.add('authorization', authorization);
      metadata.add('authorization', authorization);
      const { failure } = await call(service.host, metadata, { subjectToken: alice(), subjectTokenType: JWT_TYPE });
      expect(['UNAUTHENTICATED', 'INVALID_ARGUMENT', 'INTERNAL']).toContain(failure?.code);
    });
  });

  describe('the form', () => {
    it.each<[string, string, number, string]>([
      ['an unknown grant', `grant_type=password`, 400, 'GRANT_UNSUPPORTED'],
      ['no grant', `scope=x`, 400, 'REQUEST_PARAMETER_MISSING'],
      ['a repeated parameter', `grant_type=${GRANT}&scope=a&scope=b`, 400, 'REQUEST_PARAMETER_REPEATED'],
      ['broken percent-encoding', `grant_type=%zz`, 400, 'REQUEST_MALFORMED'],
      ['a body over 64 KiB', `grant_type=${GRANT}&x=${'y'.repeat(70_000)}`, 413, 'REQUEST_TOO_LARGE'],
      ['an empty body', '', 400, 'REQUEST_PARAMETER_MISSING'],
    ])('%s is refused', async (_name, body, status, code) => {
      const answer = await post(service.host, body, { authorization });
      expect([answer.status, answer.body['code']]).toEqual([status, code]);
      expect(answer.body['error']).toMatch(code === 'GRANT_UNSUPPORTED' ? /^unsupported_grant_type$/ : /^invalid_request$/);
    });

    describe('CVE-2025-32442: content types that slip past validation', () => {
      it.each([
        'application/json',
        'APPLICATION/JSON',
        'application/json;',
        'application/json ',
        'text/plain',
        'multipart/form-data; boundary=x',
        'application/xml',
        'application/x-www-form-urlencodedd',
        'x-www-form-urlencoded',
        'application/x-www-form-urlencoded\t;x',
        'application/*',
        '*/*',
        ';',
      ])('%j is 415 or a form', async (type) => {
        const answer = await post(service.host, `grant_type=${GRANT}`, { authorization, 'content-type': type });
        expect([415, 400]).toContain(answer.status);
        expect(['REQUEST_CONTENT_TYPE_UNSUPPORTED', 'REQUEST_PARAMETER_MISSING']).toContain(answer.body['code']);
        if (!/^application\/x-www-form-urlencoded(?![a-z])/.test(type)) expect(answer.status).toBe(415);
      });
    });

    it('is JSON: 415 with the OAuth error body', async () => {
      const answer = await post(service.host, '{"grant_type":"x"}', { authorization, 'content-type': 'application/json' });
      expect(answer.status).toBe(415);
      expect(answer.body).toMatchObject({ error: 'invalid_request', code: 'REQUEST_CONTENT_TYPE_UNSUPPORTED' });
    });
  });

  describe('the transport', () => {
    it('answers other methods with 405 and Allow, and other paths with 404', async () => {
      const get = await fetch(`${service.host.httpUrl}/oauth2/token`);
      expect([get.status, get.headers.get('allow'), ((await get.json()) as { code: string }).code]).toEqual([
        405,
        'POST',
        'REQUEST_METHOD_NOT_ALLOWED',
      ]);
      const nowhere = await fetch(`${service.host.httpUrl}/admin`);
      expect([nowhere.status, ((await nowhere.json()) as { code: string }).code]).toEqual([404, 'REQUEST_NOT_FOUND']);
    });

    it('refuses a header block over 32 KiB with an OAuth error body', async () => {
      const answer = await raw(`GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 431 /);
      expect(answer).toContain('REQUEST_HEADERS_TOO_LARGE');
    });

    it('refuses what is not HTTP with an OAuth error body', async () => {
      expect(await raw('HELLO\r\n\r\n')).toContain('REQUEST_MALFORMED');
    });

    it('refuses gRPC metadata over 32 KiB and messages over 64 KiB', async () => {
      const metadata = new Metadata();
      metadata.set('authorization', authorization);
      metadata.set('x-large', 'y'.repeat(40_000));
      const { failure } = await call(service.host, metadata, {});
      expect(failure).toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'REQUEST_HEADERS_TOO_LARGE' });
      const large = await call(service.host, authorization, { subjectToken: 'a'.repeat(70_000) });
      expect(large.failure?.code).toBe('RESOURCE_EXHAUSTED');
    });

    describe('CVE-2026-33186: paths that skip the interceptor', () => {
      it.each([
        '/countersign.auth.v1.AuthService/exchangetoken',
        '/countersign.auth.v1.AuthService/',
        '//countersign.auth.v1.AuthService/ExchangeToken',
        '/AuthService/ExchangeToken',
        '/x',
      ])('%s is not reached without credentials', async (path) => {
        expect(['UNIMPLEMENTED', 'UNAUTHENTICATED', 'INTERNAL']).toContain(await callRaw(service.host, path));
      });

      it('answers health and no reflection without credentials', async () => {
        expect(await callRaw(service.host, '/grpc.health.v1.Health/Check')).toBe('OK');
        expect(await callRaw(service.host, '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo')).toBe('UNIMPLEMENTED');
        expect(await callRaw(service.host, '/countersign.auth.v1.AuthService/ExchangeToken')).toBe('UNAUTHENTICATED');
      });
    });

    describe('CVE-2026-22031: path spellings that dodge a guard', () => {
      it.each([
        '/oauth2/token/',
        '/oauth2//token',
        '/%6fauth2/token',
        '/oauth2/token;x',
        '/OAUTH2/TOKEN',
        '/oauth2/./token',
        '//oauth2/token',
        '/oauth2/token%00',
      ])('%s never answers 2xx without credentials', async (path) => {
        const body = exchangeForm(alice()).toString();
        const answer = await raw(
          `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${String(body.length)}\r\nconnection: close\r\n\r\n${body}`,
        );
        expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      });
    });
  });

  /** Sends bytes as they are and answers all that comes back. */
  function raw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(service.settings.http.port, '127.0.0.1', () => socket.write(text));
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        answer += chunk;
        if (answer.includes('"diagnostic_id"')) socket.end();
      });
      socket.on('close', () => {
        resolve(answer);
      });
      socket.on('error', reject);
    });
  }
});
