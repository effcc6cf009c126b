import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CALM } from '#devkit/key-vault/vault-knobs.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { VaultScene } from '../fixtures/vault-scene.js';
import { readChallenge } from './vault.challenge.js';
import { VaultClient } from './vault.client.js';
import type { VaultHttpRequest } from './vault.http.js';
import type { VaultVersion } from './vault.keys.js';
import { VaultTokens } from './vault.tokens.js';

const scene = new VaultScene();
const digest = Buffer.alloc(32, 7);
let key: VaultVersion;
const sign = (keys: ReturnType<VaultScene['process']>['keys']) => keys.sign(key, { algorithm: 'ES256', digest, units: 1 });

beforeAll(async () => {
  await scene.start();
  key = await scene.process().keys.create('client', { kty: 'EC', operations: ['sign'], tags: {} });
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.standIn.forgetCounts();
  scene.tokensAcquired = 0;
});
afterEach(async () => {
  await scene.standIn.turn(CALM);
  scene.credentialFault = undefined;
  scene.tokenWishes = {};
  scene.clock.advance(60_000);
});

describe('the access token of a vault', () => {
  it('is fetched once by all that need it, and kept until shortly before its end', async () => {
    const { keys } = scene.process();
    await Promise.all(Array.from({ length: 20 }, () => sign(keys)));
    await sign(keys);
    expect(scene.tokensAcquired).toBe(1);
    scene.clock.advance(3_600_000 - 5 * 60_000);
    await Promise.all([sign(keys), sign(keys)]);
    expect(scene.tokensAcquired).toBe(2);
  });

  it('is used to its end while a new one cannot be had', async () => {
    const { keys } = scene.process();
    await sign(keys);
    scene.clock.advance(3_600_000 - 60_000);
    scene.credentialFault = new CodedError('VAULT_CREDENTIAL_REFUSED');
    expect((await sign(keys)).length).toBe(64);
  });

  it('is replaced when the vault does not take it any more', async () => {
    const { keys } = scene.process();
    scene.tokenWishes = { lifetimeSeconds: 60 };
    await sign(keys);
    scene.clock.advance(61_000);
    scene.tokenWishes = {};
    expect((await sign(keys)).length).toBe(64);
    expect(scene.tokensAcquired).toBe(2);
  });

  it('is not asked for with every call when the vault takes none', async () => {
    const { keys } = scene.process();
    scene.tokenWishes = { audience: 'https://graph.microsoft.com' };
    for (let count = 0; count < 20; count += 1) await expect(sign(keys)).rejects.toMatchObject({ code: 'VAULT_UNAUTHENTICATED' });
    expect(scene.tokensAcquired).toBe(1);
    scene.tokenWishes = {};
    scene.clock.advance(1_000);
    expect((await sign(keys)).length).toBe(64);
  });

  it('is asked for again after at most 15 seconds when none could be had', async () => {
    const { keys } = scene.process();
    scene.credentialFault = new CodedError('VAULT_CREDENTIAL_REFUSED');
    for (let count = 0; count < 50; count += 1)
      await expect(sign(keys)).rejects.toMatchObject({ code: 'VAULT_CREDENTIAL_REFUSED' });
    expect(scene.tokensAcquired).toBe(1);
    for (let count = 0; count < 6; count += 1) {
      scene.clock.advance(15_000);
      await expect(sign(keys)).rejects.toMatchObject({ code: 'VAULT_CREDENTIAL_REFUSED' });
    }
    expect(scene.tokensAcquired).toBe(7);
    scene.credentialFault = undefined;
    scene.clock.advance(15_000);
    expect((await sign(keys)).length).toBe(64);
  });
});

describe('the challenge of a vault', () => {
  const vaultUrl = new URL('https://contoso.vault.azure.net');
  const challenge = (authority: string, resource: string): string =>
    `Bearer authorization="${authority}", resource="${resource}"`;

  it('is taken for the domain of the vault and a login host of Microsoft', () => {
    expect(readChallenge(challenge('https://login.microsoftonline.com/T', 'https://vault.azure.net'), vaultUrl, [])).toEqual({
      authority: 'https://login.microsoftonline.com/T',
      resource: 'https://vault.azure.net',
    });
    const scoped = 'Bearer authorization_uri="https://login.microsoftonline.us/T", scope="https://vault.azure.net/.default"';
    expect(readChallenge(scoped, vaultUrl, [])).toMatchObject({ resource: 'https://vault.azure.net' });
  });

  it.each([
    ['another service of Microsoft', challenge('https://login.microsoftonline.com/T', 'https://graph.microsoft.com')],
    ['a top-level domain', challenge('https://login.microsoftonline.com/T', 'https://net')],
    ['a name that only ends alike', challenge('https://login.microsoftonline.com/T', 'https://ault.azure.net')],
    ['a login host of somebody else', challenge('https://login.evil.example/T', 'https://vault.azure.net')],
    [
      'a login host with another in its user part',
      challenge('https://login.microsoftonline.com@evil.example/T', 'https://vault.azure.net'),
    ],
    ['plain HTTP', challenge('http://login.microsoftonline.com/T', 'https://vault.azure.net')],
    ['no resource', 'Bearer authorization="https://login.microsoftonline.com/T"'],
    ['another scheme', 'Basic realm="vault"'],
  ])('is refused for %s', (_, header) => {
    expect(() => readChallenge(header, vaultUrl, [])).toThrow(expect.objectContaining({ code: 'VAULT_CHALLENGE_UNTRUSTED' }));
  });

  it('is not answered with a token when it lies', async () => {
    await scene.standIn.turn({ challenge: { resource: 'https://graph.microsoft.com' } });
    await expect(sign(scene.process().keys)).rejects.toMatchObject({ code: 'VAULT_CHALLENGE_UNTRUSTED' });
    expect(scene.tokensAcquired).toBe(0);
  });
});

describe('the first request', () => {
  it('has neither token nor body, and no header but that of the form of the answer', async () => {
    const sent: VaultHttpRequest[] = [];
    const { clock } = scene;
    const client = new VaultClient({
      vaultUrl: new URL('https://contoso.vault.azure.net'),
      http: {
        send: async (request) => {
          sent.push(request);
          return { status: 403, headers: {}, text: '{}', remoteAddress: '192.0.2.1' };
        },
      },
      tokens: new VaultTokens({ credential: { acquire: () => Promise.reject(new Error('not asked')) }, clock }),
      clock,
      trustedLoginHosts: [],
    });
    const call = { method: 'POST', path: '/keys/k/sign', body: { value: 'digest' }, what: 'sign', repeatable: true } as const;
    await expect(client.call(call)).rejects.toMatchObject({ code: 'VAULT_ANSWER_INVALID' });
    expect(sent).toEqual([
      { method: 'POST', url: new URL('https://contoso.vault.azure.net/keys/k/sign?api-version=2025-07-01'), headers: {} },
    ]);
  });
});

describe('a vault that throttles', () => {
  it('is not asked again before its Retry-After, by any call of the process', async () => {
    const { keys } = scene.process();
    await sign(keys);
    await scene.standIn.turn({ fault: 'throttled', retryAfterSeconds: 20 });
    scene.standIn.forgetCounts();
    for (let count = 0; count < 30; count += 1) {
      const refused = { code: 'VAULT_THROTTLED', details: { retryAfterSeconds: expect.any(Number) } };
      await expect(sign(keys)).rejects.toMatchObject(refused);
    }
    expect(scene.standIn.calls()).toBe(1);
    scene.clock.advance(20_000);
    await scene.standIn.turn(CALM);
    expect((await sign(keys)).length).toBe(64);
  });

  it('is left alone for no longer than 30 seconds, whatever it says', async () => {
    const { keys } = scene.process();
    await scene.standIn.turn({ fault: 'throttled', retryAfterSeconds: 86_400 });
    await expect(sign(keys)).rejects.toMatchObject({ code: 'VAULT_THROTTLED', details: { retryAfterSeconds: 30 } });
    await scene.standIn.turn(CALM);
    scene.clock.advance(30_000);
    expect((await sign(keys)).length).toBe(64);
  });
});

describe('repetitions', () => {
  it('make up for faults that pass', async () => {
    const { keys } = scene.process();
    await sign(keys);
    await scene.standIn.turn({ fault: 'server-error', share: 0.3 });
    for (let count = 0; count < 10; count += 1) expect((await sign(keys)).length).toBe(64);
  });

  it('are a tenth of all calls when nothing helps', async () => {
    const { keys } = scene.process();
    await sign(keys);
    await scene.standIn.turn({ outage: 'reset' });
    scene.standIn.forgetCounts();
    await Promise.all(Array.from({ length: 300 }, () => sign(keys).catch(() => undefined)));
    expect(scene.standIn.calls('sign')).toBeLessThanOrEqual(300 + 30 + 10);
  });

  it('are not made of what would make a second key', async () => {
    const { keys } = scene.process();
    await scene.standIn.turn({ fault: 'unavailable' });
    await expect(keys.create('once', { kty: 'EC', operations: ['sign'], tags: {} })).rejects.toMatchObject({
      code: 'VAULT_UNAVAILABLE',
    });
    // One question without a token, one with it.
    expect(scene.standIn.calls('create')).toBe(2);
  });
});

describe('signing at ten times the limit', () => {
  it('keeps within the limit of the vault and sheds the rest at once', async () => {
    const { keys } = scene.process({ signsPer10Seconds: 200 });
    await scene.standIn.turn({ limits: { units: 200, creations: 20 } });
    let signed = 0;
    let shed = 0;
    for (let step = 0; step < 20; step += 1) {
      const answers = await Promise.allSettled(Array.from({ length: 100 }, () => sign(keys)));
      signed += answers.filter(({ status }) => status === 'fulfilled').length;
      shed += answers.filter((answer) => answer.status === 'rejected' && isShed(answer.reason)).length;
      scene.clock.advance(500);
    }
    expect(signed + shed).toBe(2_000);
    expect(signed).toBeGreaterThan(150);
    expect(signed).toBeLessThanOrEqual(200);
    expect(scene.standIn.answers(429)).toBe(0);
  });
});

function isShed(reason: unknown): boolean {
  return isCodedError(reason) && reason.code === 'SIGNING_THROTTLED' && (reason.details.retryAfterSeconds ?? 0) >= 1;
}
