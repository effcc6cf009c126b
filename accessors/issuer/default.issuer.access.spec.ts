import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { afterEach, beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { GARBAGE_MODES } from '#devkit/entra-issuer/issuer-knobs.js';
import { DEV_DIRECTORY_ID } from '#devkit/entra-issuer/personas.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { CONTEXT, setUpAccess } from './fixtures/issuer-access.fixture.js';
import { ecJwk, RawIssuer } from './fixtures/raw-issuer.fixture.js';
import { entraRegistration, oidcRegistration } from './fixtures/registrations.fixture.js';
import { HttpMetadataSource } from './http.metadata.source.js';
import { GuardedHttp } from './outbound/guarded.http.js';
import { OutboundGuard } from './outbound/outbound.guard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const raws: RawIssuer[] = [];

afterEach(async () => {
  await Promise.all(raws.splice(0).map((raw) => raw.stop()));
});

async function startRaw(keys: readonly object[]): Promise<RawIssuer> {
  const raw = await new RawIssuer().start(keys);
  raws.push(raw);
  return raw;
}

/** A key pair under a chosen id, as an issuer publishes it. */
function keyPair(kid: string): { readonly jwk: object; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' }, privateKey };
}

describe('DefaultIssuerAccess', () => {
  it('causes no network traffic by knowing an issuer, nor for one that it does not know', async () => {
    const raw = await startRaw([ecJwk('k')]);
    const { access, lookUp } = setUpAccess();
    await access.registerIssuer(CONTEXT, oidcRegistration(raw.url));
    const issuer = await access.trustedIssuer(CONTEXT, raw.url);
    expect(issuer?.name).toBe('keycloak');
    expect(await lookUp(`${raw.url}/other`, 'k')).toBeUndefined();
    expect(await access.verificationKey(CONTEXT, issuer!, `${raw.url}/other`, 'k')).toEqual({ status: 'unknown' });
    expect(raw.hits.size).toBe(0);
  });

  it('keeps its keys when something else on the platform changes', async () => {
    const raw = await startRaw([ecJwk('k')]);
    const { access, feed, store, lookUp } = setUpAccess();
    await access.registerIssuer(CONTEXT, oidcRegistration(raw.url));
    const before = await lookUp(raw.url, 'k');
    await raw.stop();
    feed.change();
    expect(await lookUp(raw.url, 'k')).toBe(before);
    expect(store.reads).toBe(2);
  });

  it('starts over with keys whose algorithms have changed', async () => {
    const raw = await startRaw([ecJwk('k')]);
    const { access, feed, lookUp } = setUpAccess();
    await access.registerIssuer(CONTEXT, oidcRegistration(raw.url));
    expect(await lookUp(raw.url, 'k')).toMatchObject({ status: 'found' });
    await access.registerIssuer(CONTEXT, oidcRegistration(raw.url, { algorithms: ['RS256'] }));
    feed.change();
    expect(await lookUp(raw.url, 'k')).toMatchObject({ status: 'unavailable' });
  });
});

describe('CVE-2026-1486 (a disabled issuer still counts)', () => {
  it('answers no key for it, not even to one who still holds the issuer', async () => {
    const raw = await startRaw([ecJwk('k')]);
    const { access, feed, lookUp } = setUpAccess();
    await access.registerIssuer(CONTEXT, oidcRegistration(raw.url));
    const held = await access.trustedIssuer(CONTEXT, raw.url);
    expect(await lookUp(raw.url, 'k')).toMatchObject({ status: 'found' });
    await access.registerIssuer(CONTEXT, oidcRegistration(raw.url, { status: 'disabled' }));
    feed.change();
    expect(await access.verificationKey(CONTEXT, held!, raw.url, 'k')).toEqual({ status: 'unknown' });
    expect(await lookUp(raw.url, 'k')).toBeUndefined();
  });
});

describe('CVE-2025-52477 (an issuer taken from a token and fetched)', () => {
  it('looks up no name and opens no connection for an issuer that is not registered', async () => {
    const asked: string[] = [];
    const resolve = (hostname: string): Promise<never> => {
      asked.push(hostname);
      return Promise.reject(new Error('no such name'));
    };
    const policy = { allowLoopbackHttp: true, allowedPrivateAddresses: [], timeoutMs: 1_000, maxBytes: 1_000 };
    const http = new GuardedHttp({ guard: new OutboundGuard({ policy, resolve }) });
    const { access, lookUp } = setUpAccess({ source: new HttpMetadataSource({ policy, http }) });
    await access.registerIssuer(CONTEXT, oidcRegistration('https://known.example'));
    const known = await access.trustedIssuer(CONTEXT, 'https://known.example');
    const canary = await startRaw([ecJwk('k')]);
    const strangers = [
      canary.url,
      `${canary.url}/`,
      'https://known.example/',
      'https://known.example.attacker.example',
      'https://attacker.example#https://known.example',
      'https://known.example@attacker.example',
      'https://KNOWN.example',
      'http://known.example',
      'https://xn--knwn-6qa.example',
      'file:///etc/passwd',
      '',
    ];
    for (const iss of strangers) {
      expect(await lookUp(iss, 'k')).toBeUndefined();
      expect(await access.verificationKey(CONTEXT, known!, iss, 'k')).toEqual({ status: 'unknown' });
    }
    expect(asked).toEqual([]);
    expect(canary.hits.size).toBe(0);
    await lookUp('https://known.example', 'k');
    expect(asked).toEqual(['known.example']);
  });
});

describe('what a diagnosis may ask', () => {
  it('is answered from memory alone', async () => {
    const raw = await startRaw([ecJwk('k')]);
    const { access, lookUp } = setUpAccess();
    await access.registerIssuer(CONTEXT, oidcRegistration(raw.url));
    expect(access.issuersInMemory()).toEqual([]);
    expect(access.issuersHoldingKey('k')).toEqual([]);
    await lookUp(raw.url, 'k');
    expect(access.issuersInMemory().map(({ name }) => name)).toEqual(['keycloak']);
    expect(access.issuersHoldingKey('k')).toEqual(['keycloak']);
    expect(access.issuersHoldingKey('other')).toEqual([]);
    expect(raw.hitsOf('/jwks')).toBe(1);
  });
});

describe('CVE-2026-49998 (keys found by key id alone)', () => {
  const message = Buffer.from('signed');

  async function setUpTwo() {
    const pairs = [keyPair('same'), keyPair('same')] as const;
    const issuers = [await startRaw([pairs[0].jwk]), await startRaw([pairs[1].jwk])] as const;
    const { access, lookUp } = setUpAccess();
    await access.registerIssuer(CONTEXT, oidcRegistration(issuers[0].url, { name: 'one' }));
    await access.registerIssuer(CONTEXT, oidcRegistration(issuers[1].url, { name: 'two' }));
    /** Whether the key that is found for one issuer verifies what the other one's key signed. */
    const verifies = async (owner: 0 | 1, signer: 0 | 1): Promise<boolean> => {
      const found = await lookUp(issuers[owner].url, 'same');
      if (found?.status !== 'found') throw new Error('no key');
      return verify('sha256', message, found.key.key, sign('sha256', message, pairs[signer].privateKey));
    };
    return { access, issuers, verifies };
  }

  const MATRIX = [
    [0, 0, true],
    [0, 1, false],
    [1, 0, false],
    [1, 1, true],
  ] as const;

  it.each(MATRIX)('cold, issuer %i against the signature of %i', async (owner, signer, expected) => {
    const { verifies } = await setUpTwo();
    expect(await verifies(owner, signer)).toBe(expected);
  });

  it('warm, and all at the same time', async () => {
    const { verifies } = await setUpTwo();
    const matrix = async (): Promise<boolean[]> => Promise.all(MATRIX.map(([owner, signer]) => verifies(owner, signer)));
    const expected = MATRIX.map(([, , holds]) => holds);
    expect(await matrix()).toEqual(expected);
    expect(await matrix()).toEqual(expected);
  });

  it('answers no key of one issuer to who names the other as its owner', async () => {
    const { access, issuers } = await setUpTwo();
    const one = await access.trustedIssuer(CONTEXT, issuers[0].url);
    expect(await access.verificationKey(CONTEXT, one!, issuers[1].url, 'same')).toEqual({ status: 'unknown' });
    expect(issuers[1].hits.size).toBe(0);
  });
});

describe('with an Entra-shaped issuer', () => {
  const entra = new EntraDevIssuer({ clock: new SystemClock() });
  let v1 = '';
  let v2 = '';

  beforeAll(async () => {
    const { url } = await entra.start();
    v1 = `${url}/sts/${DEV_DIRECTORY_ID}/`;
    v2 = `${url}/${DEV_DIRECTORY_ID}/v2.0`;
  });
  afterAll(() => entra.stop());
  afterEach(() => entra.turn({ outage: null, garbage: null, slow: { delayMs: 0, drip: false } }));

  async function setUp() {
    const parts = setUpAccess();
    await parts.access.registerIssuer(CONTEXT, entraRegistration(entra.cloud, [DEV_DIRECTORY_ID]));
    const status = async (iss: string, kid = entra.signingKid): Promise<string | undefined> =>
      (await parts.lookUp(iss, kid))?.status;
    return { ...parts, status };
  }

  /** Waits until the refresh that is under way has ended. */
  const refreshed = async (warnings: readonly unknown[], count: number): Promise<void> => {
    while (warnings.length < count) await new Promise((resolve) => setImmediate(resolve));
  };

  it('finds the keys of both versions, and for which issuers a v2 key may sign', async () => {
    const { lookUp } = await setUp();
    expect(await lookUp(v1, entra.signingKid)).toMatchObject({ status: 'found', key: { algorithm: 'RS256', keyIssuer: null } });
    expect(await lookUp(v2, entra.signingKid)).toMatchObject({
      status: 'found',
      key: { algorithm: 'RS256', keyIssuer: `${entra.cloud.loginBase}/{tenantid}/v2.0` },
    });
  });

  it('F5: takes a new key up with one fetch, published first or not', async () => {
    const { status } = await setUp();
    await status(v2);
    const before = entra.hits('discovery/v2.0/keys');
    const kid = await entra.rotateKeys({ publishFirst: true });
    expect(await status(v2, kid)).toBe('found');
    expect(entra.hits('discovery/v2.0/keys') - before).toBe(1);
    entra.activateNewKey();
    expect(await status(v2)).toBe('found');
    await entra.rotateKeys({ publishFirst: false });
    expect(await status(v2)).toBe('found');
    expect(entra.hits('discovery/v2.0/keys') - before).toBe(2);
  });

  it.each(['refused', 'error'] as const)('F1: goes on with what it knows while the issuer is away (%s)', async (outage) => {
    const { clock, warnings, status } = await setUp();
    await status(v2);
    await entra.turn({ outage });
    clock.advance(2 * HOUR);
    expect(await status(v2)).toBe('found');
    await refreshed(warnings, 1);
    expect(await status(v2)).toBe('found');
    expect(await status(v2, 'never-seen')).toBe('unavailable');
  });

  it('F2: no caller with a known key waits for an issuer that hangs', async () => {
    const { clock, warnings, status } = await setUp();
    await status(v2);
    await entra.turn({ outage: 'hang' });
    clock.advance(2 * HOUR);
    for (let turn = 0; turn < 10; turn += 1) expect(await status(v2)).toBe('found');
    expect(warnings).toEqual([]);
    await refreshed(warnings, 1);
    expect(warnings[0]?.[1]).toMatchObject({ reason: 'timeout', servingLastGood: true });
  });

  it('F2: a key set that drips is given up in time', async () => {
    const { status } = await setUp();
    await entra.turn({ slow: { delayMs: 0, drip: true } });
    expect(await status(v2)).toBe('unavailable');
  });

  it.each(GARBAGE_MODES)('F4: keeps the last good set through %s, and has none to begin with', async (garbage) => {
    const { clock, warnings, status } = await setUp();
    await status(v2);
    await entra.turn({ garbage });
    clock.advance(2 * HOUR);
    expect(await status(v2)).toBe('found');
    await refreshed(warnings, 1);
    expect(await status(v2)).toBe('found');

    const cold = await setUp();
    // A set on another host than the metadata is normal for many issuers; only a move is not.
    expect(await cold.status(v2)).toBe(garbage === 'foreign-jwks-host' ? 'found' : 'unavailable');
  });

  it('F7: heals alone after a cold start without the issuer', async () => {
    const { access, clock, status } = await setUp();
    await entra.turn({ outage: 'refused' });
    expect(await status(v2)).toBe('unavailable');
    await entra.turn({ outage: null });
    clock.advance(MINUTE);
    const before = entra.hits('discovery/v2.0/keys');
    access.refreshDueKeySets();
    while (entra.hits('discovery/v2.0/keys') === before) await new Promise((resolve) => setImmediate(resolve));
    expect(await status(v2)).toBe('found');
  });

  it('keeps the sets of the two versions apart', async () => {
    const { status } = await setUp();
    const before = [entra.hits('discovery/keys'), entra.hits('discovery/v2.0/keys')];
    await status(v1);
    expect([entra.hits('discovery/keys'), entra.hits('discovery/v2.0/keys')]).toEqual([(before[0] ?? 0) + 1, before[1]]);
  });

  it('C25: never takes a symmetric, private or doubled key for good', async () => {
    for (const garbage of ['symmetric-keys', 'private-keys', 'duplicate-kid'] as const) {
      const { status } = await setUp();
      await entra.turn({ garbage });
      expect(await status(v2)).toBe('unavailable');
    }
  });
});
