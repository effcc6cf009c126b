import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, sampleDocument } from '#devkit/demonstration/sample-document.js';
import { AuthServiceClient } from '#protos/generated/countersign/auth/v1/auth.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { basic, exchangeForm, JWT_TYPE } from '../support/callers.js';
import { countersign, type Running, start } from '../support/command.js';
import { describeOnPostgres } from '../support/database.js';
import { createServiceLogin, type ServiceLogin } from '../support/service-login.js';
import { selfSigned } from '../support/self-signed.js';
import { freePort } from '../support/service.js';
import { until } from '../support/until.js';

const ISSUER = 'https://id.acme.example';

describeOnPostgres('countersign serve', (open) => {
  const home = mkdtempSync(join(tmpdir(), 'countersign-serve-'));
  const file = (name: string): string => join(home, name);
  const tls = selfSigned();
  const secret = `cs_${randomBytes(32).toString('base64url')}`;
  const wrongSecret = `cs_${randomBytes(32).toString('base64url')}`;
  const upstream = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const environment = { NODE_EXTRA_CA_CERTS: file('cert.pem') };
  let database: OpenDatabase;
  let login: ServiceLogin;
  let ownerUrl = '';
  let http = 0;
  let grpc = 0;
  let service: Running;

  beforeAll(async () => {
    const opened = await open({ content: 'empty' });
    database = opened.database;
    ownerUrl = opened.settings.kind === 'postgres' ? opened.settings.url : '';
    login = await createServiceLogin(opened.settings);
    writeFileSync(file('cert.pem'), tls.certificate);
    writeFileSync(file('key.pem'), tls.privateKey, { mode: 0o600 });
    [http, grpc] = [await freePort(), await freePort()];
    writeFileSync(file('settings.yaml'), stringify(settings()));
    writeFileSync(file('import.yaml'), stringify(importDocument()));
  });
  afterAll(async () => {
    service.process.kill('SIGKILL');
    await login.drop();
    rmSync(home, { recursive: true, force: true });
  });

  /** The sample company with an issuer whose keys are uploaded: production fetches nothing from this machine. */
  function importDocument(): Record<string, unknown> {
    const cloud = { name: 'none', loginBase: ISSUER, v1IssuerBase: ISSUER };
    const sample = sampleDocument(cloud, createHash('sha256').update(secret).digest('hex'));
    const jwk = { ...upstream.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
    const keySource = { from: 'uploaded', jwks: JSON.stringify({ keys: [jwk] }) };
    const issuer = { name: 'devkit', provider: 'oidc', issuer: ISSUER, tenant: 'acme', audiences: ['orders'], keySource };
    const targets = [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }];
    const secretSha256 = [createHash('sha256').update(secret).digest('hex')];
    const presents = { own: [{ issuer: 'devkit', id: 'web' }] };
    return {
      ...sample,
      issuers: [issuer],
      clients: [{ clientId: PORTAL_CLIENT_ID, secretSha256, presents, targets }],
      subjects: ['alice', 'bob', 'carol'].map((key) => ({
        tenant: 'acme',
        key,
        kind: 'user',
        identities: [{ issuer: 'devkit', id: key }],
      })),
    };
  }

  function settings(): Record<string, unknown> {
    const pair = { certFile: file('cert.pem'), keyFile: file('key.pem') };
    return {
      issuer: `https://localhost:${String(http)}`,
      http: { host: '127.0.0.1', port: http, tls: pair },
      grpc: { host: '127.0.0.1', port: grpc, tls: pair },
      database: { url: login.url },
      keys: { keyEncryptionKeyFile: file('kek') },
      log: { level: 'debug' },
      drainSeconds: 1,
    };
  }

  it('makes a key-encryption key that only its owner can read, once', async () => {
    const refused = await countersign(['config', 'check', '--config', file('settings.yaml')]);
    expect(refused.status).toBe(1);
    expect(await countersign(['key-encryption-key', '--out', file('kek')])).toMatchObject({ status: 0 });
    expect(statSync(file('kek')).mode & 0o777).toBe(0o400);
    expect((await countersign(['key-encryption-key', '--out', file('kek')])).status).toBe(1);
    expect(await countersign(['config', 'check', '--config', file('settings.yaml')])).toMatchObject({ status: 0 });
  });

  it('prints its settings without the password of the database', async () => {
    const { status, output } = await countersign(['config', 'print', '--redacted', '--config', file('settings.yaml')]);
    expect(status).toBe(0);
    expect(output).toContain('lifetimeSeconds: 600');
  });

  it('refuses a schema that is not migrated, migrates, and imports twice with nothing to do the second time', async () => {
    const early = await countersign(['serve', '--config', file('settings.yaml')], environment);
    expect(early).toMatchObject({ status: 1, output: expect.stringContaining('SCHEMA_OUTDATED') });
    expect(early.output).toContain('countersign migrate');
    const asOwnerOfTables = { DATABASE_URL: ownerUrl };
    expect(await countersign(['migrate', '--config', file('settings.yaml')], asOwnerOfTables)).toMatchObject({ status: 0 });
    expect(await countersign(['migrate', '--config', file('settings.yaml')], asOwnerOfTables)).toMatchObject({ status: 0 });
    const first = await countersign(['import', file('import.yaml'), '--config', file('settings.yaml')]);
    expect(first).toMatchObject({ status: 0, output: expect.stringContaining('subjects: 3 created') });
    const second = await countersign(['import', file('import.yaml'), '--config', file('settings.yaml')]);
    expect(second.output).toContain('subjects: 0 created, 0 updated, 3 unchanged');
  });

  it('refuses a role that row-level security does not bind, whatever the command', async () => {
    for (const command of [['serve'], ['import', file('import.yaml')]]) {
      const refused = await countersign([...command, '--config', file('settings.yaml')], { DATABASE_URL: ownerUrl });
      expect(refused).toMatchObject({ status: 1, output: expect.stringContaining('DATABASE_ROLE_UNSAFE') });
      expect(refused.output).toMatch(/role \w+ is a superuser/);
      expect(refused.output).toContain('docs/operating/database-roles.md');
    }
  });

  it.each([
    ['an unknown member', { htttp: {} }, 'CONFIG_INVALID'],
    ['a plaintext port off loopback', { http: { host: '0.0.0.0', port: 1 } }, 'CONFIG_PLAINTEXT_REFUSED'],
    ['issuers over plain HTTP', { outbound: { allowLoopbackHttp: true } }, 'DEVKIT_REFUSED'],
    ['no key-encryption key', { keys: { keyEncryptionKeyFile: '/nowhere/kek' } }, 'KEY_ENCRYPTION_KEY_MISSING'],
  ])('refuses to start with %s', async (_name, change, code) => {
    writeFileSync(file('bad.yaml'), stringify({ ...settings(), ...change }));
    const { status, output } = await countersign(['serve', '--config', file('bad.yaml')]);
    expect(status).toBe(1);
    expect(output).toMatch(new RegExp(`${code}|CONFIG_INVALID`));
    expect(output).toContain('what to do');
  });

  it('refuses a key-encryption key that others can read', async () => {
    chmodSync(file('kek'), 0o444);
    const { status, output } = await countersign(['serve', '--config', file('settings.yaml')]);
    chmodSync(file('kek'), 0o400);
    expect(status).toBe(1);
    expect(output).toContain('KEY_ENCRYPTION_KEY_INSECURE');
  });

  it('exchanges over HTTPS and over gRPC with TLS', async () => {
    service = start(['serve', '--config', file('settings.yaml')], environment);
    await service.printed('REST at');
    const answer = await postTls(
      exchangeForm(alice(), { audience: SAMPLE_AUDIENCE }).toString(),
      basic(PORTAL_CLIENT_ID, secret),
    );
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', scope: expect.stringContaining('billing:invoice:read') },
    });
    expect(await callTls()).toBe('Bearer');
  });

  it('has the records of what it answered, in the database, before the answer', async () => {
    await postTls(exchangeForm('not-a-token').toString(), basic(PORTAL_CLIENT_ID, secret));
    const rows = await database.query<{ outcome: string; code: string | null }>(
      'select outcome, code from audit_record order by id',
    );
    expect(rows.filter((row) => row.outcome === 'issued')).toHaveLength(2);
    expect(rows.filter((row) => row.code === 'TOKEN_MALFORMED')).toHaveLength(1);
  });

  it('lets no secret, token or key into its log or its records (canary)', async () => {
    const token = alice();
    await postTls(exchangeForm(token, { client_secret: wrongSecret, client_id: PORTAL_CLIENT_ID }).toString());
    await postTls(exchangeForm(token, { actor_token: 'canary-actor-token' }).toString(), basic(PORTAL_CLIENT_ID, secret));
    await postTls(exchangeForm(`${token.slice(0, -6)}AAAAAA`).toString(), basic(PORTAL_CLIENT_ID, secret));
    await postTls(`grant_type=x&subject_token=${token}&%zz`, basic(PORTAL_CLIENT_ID, secret));
    const [dump] = await database.query<{ text: string }>('select json_agg(audit_record)::text as text from audit_record');
    const [keys] = await database.query<{ text: string }>('select json_agg(signing_key)::text as text from signing_key');
    const everything = service.output() + (dump?.text ?? '') + (keys?.text ?? '');
    const [header = '', payload = '', signature = ''] = token.split('.');
    for (const canary of [
      secret,
      wrongSecret,
      payload,
      signature,
      'canary-actor-token',
      basic(PORTAL_CLIENT_ID, secret).slice(6),
    ]) {
      expect(everything.includes(canary)).toBe(false);
    }
    expect(header).not.toBe('');
    expect(everything).not.toMatch(/PRIVATE KEY|"d"\s*:/);
    expect(service.output()).toContain('TOKEN_SIGNATURE_INVALID');
  });

  it('fails no request while it is told to stop', async () => {
    // Callers go elsewhere before the port closes, as they do behind a load balancer that watches readiness.
    let leaving = false;
    const answers: number[] = [];
    const caller = async (): Promise<void> => {
      while (!leaving) answers.push((await postTls(aliceForm(), basic(PORTAL_CLIENT_ID, secret))).status);
    };
    const callers = Promise.all([caller(), caller(), caller()]);
    const slow = postTls(aliceForm(), basic(PORTAL_CLIENT_ID, secret), 1_500);
    await until('the callers are at work', () => answers.length > 10);
    const ended = service.end('SIGTERM');
    await service.printed('host.draining');
    const before = answers.length;
    await until('some were answered while draining', () => answers.length > before + 10);
    leaving = true;
    await callers;
    const { status, output } = await ended;
    expect(status).toBe(0);
    expect(new Set(answers)).toEqual(new Set([200]));
    // This one was still sending its body when the port closed.
    expect((await slow).status).toBe(200);
    expect(output).toContain('host.stopped');
  });

  function aliceForm(): string {
    return exchangeForm(alice()).toString();
  }

  function alice(): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, sub: 'alice', aud: 'orders', client_id: 'web', iat: now, exp: now + 3600 };
    const parts = [{ typ: 'at+jwt', alg: 'RS256', kid: 'k1' }, claims];
    const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${input}.${sign('sha256', Buffer.from(input), upstream.privateKey).toString('base64url')}`;
  }

  /** Posts a form; the second half of it only after a while. */
  function postTls(
    body: string,
    authorization?: string,
    pauseMs = 0,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
      ...(authorization === undefined ? {} : { authorization }),
    };
    return new Promise((resolve, reject) => {
      const call = httpsRequest(
        { host: '127.0.0.1', port: http, path: '/oauth2/token', method: 'POST', ca: tls.certificate, headers, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> });
          });
        },
      );
      call.on('error', reject);
      call.write(body.slice(0, 100));
      setTimeout(() => call.end(body.slice(100)), pauseMs);
    });
  }

  function callTls(): Promise<string> {
    const client = new AuthServiceClient(`localhost:${String(grpc)}`, credentials.createSsl(Buffer.from(tls.certificate)));
    const metadata = new Metadata();
    metadata.set('authorization', basic(PORTAL_CLIENT_ID, secret));
    const request = {
      subjectToken: alice(),
      subjectTokenType: JWT_TYPE,
      audience: [SAMPLE_AUDIENCE],
      resource: [],
      scope: '',
      requestedTokenType: '',
      actorToken: '',
      actorTokenType: '',
      tenant: '',
      impersonation: false,
    };
    return new Promise((resolve, reject) => {
      client.exchangeToken(request, metadata, { deadline: Date.now() + 10_000 }, (error, response) => {
        client.close();
        if (error === null) resolve(response.tokenType);
        else reject(error);
      });
    });
  }
});
