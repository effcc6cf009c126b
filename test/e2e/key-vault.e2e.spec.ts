import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import { withManagers } from '#clients/host.js';
import { KeyVaultStandIn } from '#devkit/key-vault/key-vault-stand-in.js';
import { presentable, VaultCaller } from '#devkit/key-vault/vault-caller.js';
import { CALM } from '#devkit/key-vault/vault-knobs.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { KeyEncryptionKeySettings, KeyStorageSettings, Settings } from '#utilities/config/contract.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { selfSigned } from '../support/self-signed.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { createServiceLogin } from '../support/service-login.js';
import { until } from '../support/until.js';

const IN_VAULT: KeyEncryptionKeySettings = { provider: 'azure-key-vault', keyName: 'kek', keyVersion: null };

describeOnPostgres('With keys in a key vault', (open) => {
  const home = mkdtempSync(join(tmpdir(), 'key-vault-e2e-'));
  const tls = presentable(selfSigned());
  const vault = new KeyVaultStandIn({ clock: new SystemClock() });
  let login: Server;
  let vaultUrl = '';
  let storage: KeyStorageSettings;

  beforeAll(async () => {
    ({ vaultUrl } = await vault.start({ tls }));
    login = createServer(tls, (_request, response) => {
      const body = { token_type: 'Bearer', expires_in: 3_600, access_token: vault.issueToken() };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => login.listen(0, '127.0.0.1', resolve));
    const address = login.address();
    const loginHost = `localhost:${typeof address === 'object' && address !== null ? String(address.port) : ''}`;
    await vault.turn({ challenge: { authorization: `https://${loginHost}/1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f` } });
    const caller = new VaultCaller({ vaultUrl: () => vaultUrl, ca: tls.cert, token: () => vault.issueToken() });
    await caller.ask('/keys/kek/create', { body: { kty: 'RSA', key_size: 2048, key_ops: ['wrapKey', 'unwrapKey'] } });
    for (const [name, content] of [
      ['ca.pem', tls.cert],
      ['secret', 'client-secret'],
    ] as const)
      writeFileSync(join(home, name), content);
    storage = {
      backend: 'azure-key-vault',
      keyEncryptionKey: IN_VAULT,
      furtherKeyEncryptionKeys: [],
      directory: null,
      vault: {
        url: vaultUrl,
        tenantId: null,
        clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
        credential: { kind: 'secretFile', file: join(home, 'secret') },
        caFile: join(home, 'ca.pem'),
        loginHosts: [loginHost],
        keyPrefix: 'tokens',
        hsm: false,
        signsPer10Seconds: 100,
        whenItCannotSign: 'shed',
      },
    };
  });
  afterAll(async () => {
    login.close();
    login.closeAllConnections();
    await vault.stop();
    rmSync(home, { recursive: true });
  });

  const keysWith = (changes: Partial<KeyStorageSettings>): Settings['keys'] => ({
    keyEncryptionKeyFile: join(home, 'kek'),
    floorFile: join(home, 'floor'),
    algorithms: ['ES256'],
    rotation: usualRotation(),
    storage: { ...storage, ...changes },
  });

  describe('a service that signs in the vault', () => {
    let service: TestService;
    let authorization: string;
    beforeAll(async () => {
      service = await startService({ database: (await open()).settings, settings: { keys: keysWith({}) } });
      authorization = basic(PORTAL_CLIENT_ID, service.secret);
    });
    afterAll(() => service.stop());
    const exchange = () =>
      post(service.host, exchangeForm(service.identityProvider.issue({ persona: 'alice' })), { authorization });

    it('issues tokens that the published keys verify, and says 429 with Retry-After beyond its limit', async () => {
      vault.forgetCounts();
      const answers = await Promise.all(Array.from({ length: 40 }, exchange));
      const issued = answers.filter(({ status }) => status === 200);
      const shed = answers.filter(({ status }) => status === 429);
      expect(issued.length).toBeGreaterThan(0);
      expect(shed.length).toBeGreaterThan(0);
      expect(issued.length + shed.length).toBe(40);
      expect(vault.calls('sign')).toBe(issued.length);
      for (const { headers, body } of shed) {
        expect(body['code']).toBe('SIGNING_THROTTLED');
        expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      }
      const keys = createRemoteJWKSet(new URL(`${service.host.httpUrl}/.well-known/jwks.json`));
      const token = String(issued[0]?.body['access_token']);
      expect((await jwtVerify(token, keys, { audience: SAMPLE_AUDIENCE })).protectedHeader.alg).toBe('ES256');
    });

    it('says RESOURCE_EXHAUSTED with RetryInfo over gRPC', async () => {
      const subjectToken = service.identityProvider.issue({ persona: 'alice' });
      const ask = () => call(service.host, authorization, { subjectToken, subjectTokenType: JWT_TYPE });
      const answers = await Promise.all(Array.from({ length: 40 }, ask));
      const failures = answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
      expect(failures.length).toBeGreaterThan(0);
      for (const { code, reason, retrySeconds } of failures) {
        expect({ code, reason }).toEqual({ code: 'RESOURCE_EXHAUSTED', reason: 'SIGNING_THROTTLED' });
        expect(retrySeconds).toBeGreaterThanOrEqual(1);
      }
    });

    it('issues nothing while the vault is away, serves its keys, and heals by itself', async () => {
      await vault.turn({ outage: 'refused' });
      // Before that the rate guard may have its say.
      await until('the vault is missed', async () => (await exchange()).body['code'] === 'SIGNING_UNAVAILABLE');
      const refused = await exchange();
      expect([429, 503]).toContain(refused.status);
      expect((await fetch(`${service.host.httpUrl}/.well-known/jwks.json`)).status).toBe(200);
      await vault.turn({ outage: CALM.outage });
      await until('tokens are issued again', async () => (await exchange()).status === 200);
    });
  });

  it('a keyring that was sealed under a file comes under the vault, and needs the file no more', async () => {
    const { settings: database } = await open();
    createKeyEncryptionKeyFile(join(home, 'kek'));
    const file: KeyEncryptionKeySettings = { provider: 'file', file: join(home, 'kek') };
    const login = await createServiceLogin(database);
    const base = settingsOn({ kind: 'postgres', url: login.url, poolSize: 2 });
    const published = (changes: Partial<KeyStorageSettings>) =>
      withManagers({ ...base, keys: keysWith({ backend: 'local', ...changes }) }, async ({ keyring }, context) => {
        await keyring.prepare(context);
        return keyring.publishedKeys(context);
      });
    const before = await published({ keyEncryptionKey: file });
    await expect(published({})).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });

    const both = { ...base, keys: keysWith({ backend: 'local', furtherKeyEncryptionKeys: [file] }) };
    const report = await withManagers(both, ({ keySealing }, context) => keySealing.rewrap(context, { batch: 1 }));
    expect(report).toMatchObject({ remaining: 0, failed: [] });
    expect(report.rewrapped).toBeGreaterThanOrEqual(3);
    rmSync(join(home, 'kek'));
    expect(await published({})).toEqual(before);
    await login.drop();
  });

  function settingsOn(database: Settings['database']): Settings {
    return {
      issuer: 'https://auth.example.com',
      http: { host: '127.0.0.1', port: 0, tls: null, certificateProxies: null },
      grpc: { host: '127.0.0.1', port: 0, tls: null, certificateProxies: null, reflection: false },
      grpcConnections: {
        keepaliveSeconds: 60,
        keepaliveTimeoutSeconds: 20,
        maxAgeSeconds: null,
        maxAgeGraceSeconds: 30,
        maxStreams: 1_000,
        keyWatchers: 256,
      },
      behindProxy: false,
      database,
      keys: keysWith({}),
      tokens: { lifetimeSeconds: 600 },
      policy: { fourEyes: false },
      log: { level: 'silent' },
      outbound: { allowLoopbackHttp: true, allowedPrivateAddresses: [] },
      directories: [],
      factSources: [],
      grants: { replayWhenStoreIsAway: 'refuse', dpopNonces: 'off' },
      audit: { retentionDays: null, anchor: { file: null, url: null, bearerFile: null }, spool: null },
      limits: { concurrentRequests: 256, perClientPerSecond: null, perIssuerPerSecond: null },
      authzen: { tenant: null, searches: [] },
      drainSeconds: 0,
    };
  }
});
