import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { STAND_IN_CLIENT_ID, STAND_IN_DIRECTORY_ID } from '#devkit/key-vault/key-vault-stand-in.js';
import { CALM, type VaultKnobs } from '#devkit/key-vault/vault-knobs.js';
import type { KeyStorageSettings, Settings } from '#utilities/config/contract.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import { basic, call, exchangeForm, JWT_TYPE, post, type RestAnswer } from '../../support/callers.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../../support/service.js';
import { until } from '../../support/until.js';
import { RunningClock } from './running.clock.js';
import { VaultHouse } from './vault.house.js';

const BOOT_MS = 60_000;
const FAULTS: readonly (readonly [string, Partial<VaultKnobs>])[] = [
  ['a firewall that saw a private address', { fault: 'firewall-private' }],
  ['no role', { fault: 'rbac' }],
  ['401', { fault: 'unauthorized', login: 'expired-secret' }],
  ['503', { fault: 'unavailable' }],
  ['no listener', { outage: 'refused' }],
];

const home = mkdtempSync(join(tmpdir(), 'countersign-vault-'));
const house = new VaultHouse(new RunningClock());
let storage: (changes: Partial<KeyStorageSettings>, signsPer10Seconds?: number) => Settings['keys'];

beforeAll(async () => {
  const { vaultUrl } = await house.start();
  const secretFile = join(home, 'secret');
  const caFile = join(home, 'ca.pem');
  writeFileSync(secretFile, house.vault.clientSecret);
  writeFileSync(caFile, house.tls.cert);
  storage = (changes, signsPer10Seconds = 2_000) => ({
    keyEncryptionKeyFile: '',
    floorFile: join(home, `floor-${String(signsPer10Seconds)}-${changes.backend ?? 'local'}`),
    algorithms: ['ES256'],
    rotation: usualRotation(),
    storage: {
      backend: 'local',
      keyEncryptionKey: { provider: 'azure-key-vault', keyName: 'kek', keyVersion: null },
      furtherKeyEncryptionKeys: [],
      directory: null,
      vault: {
        url: vaultUrl,
        tenantId: STAND_IN_DIRECTORY_ID,
        clientId: STAND_IN_CLIENT_ID,
        credential: { kind: 'secretFile', file: secretFile },
        caFile,
        loginHosts: [new URL(vaultUrl).host],
        keyPrefix: `countersign-${String(signsPer10Seconds)}`,
        hsm: false,
        signsPer10Seconds,
        whenItCannotSign: 'shed',
      },
      ...changes,
    },
  });
});
afterEach(() => house.vault.turn(CALM));
afterAll(async () => {
  await house.stop();
  rmSync(home, { recursive: true });
});

const withKeys = (keys: Settings['keys']): Promise<TestService> =>
  startService({ database: { kind: 'embedded', directory: null }, settings: { keys } });

function exchange(service: TestService): Promise<RestAnswer> {
  const authorization = basic(PORTAL_CLIENT_ID, service.secret);
  return post(service.host, exchangeForm(service.identityProvider.issue({ persona: 'alice' })), { authorization });
}

async function exchangeOverGrpc(service: TestService): ReturnType<typeof call> {
  const subjectToken = service.identityProvider.issue({ persona: 'alice' });
  return call(service.host, basic(PORTAL_CLIENT_ID, service.secret), { subjectToken, subjectTokenType: JWT_TYPE });
}

describe('Exchanges with keys that a vault wraps', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await withKeys(storage({}));
  }, BOOT_MS);
  afterAll(() => service.stop());

  it.each(FAULTS)('do not feel %s', async (_, knobs) => {
    await house.vault.turn(knobs);
    house.vault.forgetCounts();
    for (let index = 0; index < 10; index += 1) expect((await exchange(service)).status).toBe(200);
    expect(house.vault.calls()).toBe(0);
  });
});

describe('Exchanges that a vault signs', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await withKeys(storage({ backend: 'azure-key-vault' }));
  }, BOOT_MS);
  afterAll(() => service.stop());

  it.each(FAULTS)(
    'are refused for a time with %s, tell callers nothing of the vault, and work again by themselves',
    async (name, knobs) => {
      expect((await exchange(service)).status).toBe(200);
      await house.vault.turn(knobs);
      const refused = await exchange(service);
      expect(refused.status).toBe(503);
      expect(refused.body).toMatchObject({ error: 'temporarily_unavailable' });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.stringify(refused.body)).not.toMatch(/172\.25|localhost|appid|Assignment|vault/i);
      const { failure } = await exchangeOverGrpc(service);
      expect(failure?.code).toBe('UNAVAILABLE');
      expect(failure?.retrySeconds).toBeGreaterThan(0);
      expect((await fetch(`${service.host.httpUrl}/.well-known/jwks.json`)).status).toBe(200);

      await house.vault.turn(CALM);
      const healedAt = performance.now();
      await until('exchanges work again', async () => (await exchange(service)).status === 200);
      process.stdout.write(
        `${JSON.stringify({ fault: 'F22', name, recoverySeconds: Math.round((performance.now() - healedAt) / 100) / 10 })}\n`,
      );
    },
  );
});

describe('More exchanges than a vault signs', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await withKeys(storage({ backend: 'azure-key-vault' }, 50));
  }, BOOT_MS);
  afterAll(() => service.stop());

  it('are shed with the time to come back, over REST and gRPC, and the vault is never asked for more', async () => {
    house.vault.forgetCounts();
    const answers = await Promise.all(Array.from({ length: 40 }, () => exchange(service)));
    const shed = answers.filter(({ status }) => status === 429);
    expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
    expect(shed.length).toBeGreaterThan(0);
    expect(shed.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
    expect(house.vault.calls('sign')).toBe(answers.length - shed.length);
    expect(house.vault.answers(429)).toBe(0);
    const overGrpc = await Promise.all(Array.from({ length: 30 }, () => exchangeOverGrpc(service)));
    const failure = overGrpc.map((answer) => answer.failure).find((found) => found !== undefined);
    expect(failure?.code).toBe('RESOURCE_EXHAUSTED');
    expect(failure?.retrySeconds).toBeGreaterThan(0);
  });
});
