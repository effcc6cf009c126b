import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import type { KeyLookup } from './contract.js';
import { ecJwk } from './fixtures/raw-issuer.fixture.js';
import { ScriptedMetadataSource } from './fixtures/scripted.metadata.source.js';
import { IssuerKeySet } from './issuer-key-set.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OLD = ecJwk('old');
const NEW = ecJwk('new');

function setUp() {
  const clock = new ManualClock();
  const source = new ScriptedMetadataSource();
  const counters = new MemoryCounters();
  source.keys = [OLD];
  const keys = new IssuerKeySet({
    issuerName: 'keycloak',
    location: {
      iss: 'https://kc.example',
      metadataUrl: 'https://kc.example/.well-known/openid-configuration',
      directoryId: null,
      cloudNames: [],
      keySource: { from: 'discovery' },
    },
    algorithms: ['ES256'],
    pace: { refreshMs: 5 * MINUTE, unknownKidMs: 30 * SECOND },
    source,
    clock,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    counters,
  });
  const status = async (kid: string): Promise<KeyLookup['status']> => (await keys.lookup(kid)).status;
  return { clock, source, keys, counters, status };
}

/** Lets everything that is ready run to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('IssuerKeySet', () => {
  it('fetches once for all who ask at the same time, and then answers from memory without a promise', async () => {
    const { source, keys } = setUp();
    const answers = await Promise.all(Array.from({ length: 100 }, async () => keys.lookup('old')));
    expect(answers.every(({ status }) => status === 'found')).toBe(true);
    expect(source.fetches).toBe(1);
    const direct = keys.lookup('old');
    expect(direct).not.toBeInstanceOf(Promise);
    expect(direct).toBe(answers[0]);
  });

  it('answers a known key at once while a refresh hangs', async () => {
    const { clock, source, keys, status } = setUp();
    await status('old');
    clock.advance(6 * MINUTE);
    source.hold();
    expect(keys.lookup('old')).toMatchObject({ status: 'found' });
    expect(source.fetches).toBe(2);
    expect(keys.lookup('old')).toMatchObject({ status: 'found' });
    expect(source.fetches).toBe(2);
    source.release();
  });

  it('refreshes in the background when it is due, and not before', async () => {
    const { clock, source, status } = setUp();
    await status('old');
    clock.advance(4.4 * MINUTE);
    await status('old');
    expect(source.fetches).toBe(1);
    clock.advance(1.2 * MINUTE);
    await status('old');
    expect(source.fetches).toBe(2);
  });

  it('is refreshed by the timer without a caller, but only once somebody asked for it', async () => {
    const { clock, source, keys, status } = setUp();
    void keys.refreshIfDue();
    expect(source.fetches).toBe(0);
    await status('old');
    clock.advance(6 * MINUTE);
    void keys.refreshIfDue();
    void keys.refreshIfDue();
    await settled();
    expect(source.fetches).toBe(2);
  });

  it('picks a new key up at once', async () => {
    const { source, status } = setUp();
    await status('old');
    source.keys = [OLD, NEW];
    expect(await status('new')).toBe('found');
    expect(await status('old')).toBe('found');
    expect(source.fetches).toBe(2);
  });

  it('does not conclude from a fetch that began before the key was published', async () => {
    const { clock, source, keys, status } = setUp();
    await status('old');
    clock.advance(6 * MINUTE);
    source.hold();
    void keys.lookup('old');
    const early = status('new');
    source.keys = [OLD, NEW];
    source.release();
    expect(await early).toBe('unknown');
    expect(await status('new')).toBe('found');
  });

  it('never looks up a key id that no key can have', async () => {
    const { source, status } = setUp();
    expect(await status('k'.repeat(257))).toBe('unknown');
    expect(source.fetches).toBe(0);
  });
});

describe('CVE-2025-22149 (a refresh that only adds)', () => {
  it('gives a key up that its issuer has removed, within one refresh', async () => {
    const { clock, source, status } = setUp();
    source.keys = [OLD, NEW];
    await status('old');
    source.keys = [NEW];
    clock.advance(6 * MINUTE);
    await status('new');
    await settled();
    expect(await status('old')).toBe('unknown');
    expect(await status('new')).toBe('found');
  });
});

describe('a storm of unknown key ids', () => {
  it('costs two fetches and then one in 30 s, keeps the good keys, and lets a real rotation through', async () => {
    const { clock, source, status } = setUp();
    await status('old');
    const before = source.fetches;
    for (let index = 0; index < 10_000; index += 1) await status(`random-${String(index)}`);
    expect(source.fetches - before).toBeLessThanOrEqual(2);
    expect(await status('old')).toBe('found');

    source.keys = [NEW];
    expect(await status('new')).toBe('unknown');
    clock.advance(30 * SECOND);
    await status('random-again');
    expect(await status('new')).toBe('found');
    expect(source.fetches - before).toBeLessThanOrEqual(3);
  });

  it('is bounded when it comes all at once, and from the first moment', async () => {
    const { source, keys } = setUp();
    await Promise.all(Array.from({ length: 10_000 }, async (_, index) => keys.lookup(`random-${String(index)}`)));
    for (let index = 0; index < 1_000; index += 1) await keys.lookup(`more-${String(index)}`);
    expect(source.fetches).toBeLessThanOrEqual(1 + 2);
  });

  it('stays within the bucket over ten minutes of it', async () => {
    const { clock, source, status } = setUp();
    for (let second = 0; second < 600; second += 1) {
      await status(`a-${String(second)}`);
      await status(`b-${String(second)}`);
      clock.advance(SECOND);
    }
    // The first one, the burst, one in 30 s, and the refresh that is due every 5 minutes.
    expect(source.fetches).toBeLessThanOrEqual(1 + 2 + 20 + 2);
    expect(source.fetches).toBeGreaterThan(15);
  });

  it('counts attempts, whether they succeed or not', async () => {
    const { clock, source, status } = setUp();
    await status('old');
    source.down = true;
    for (let second = 0; second < 60; second += 1) {
      await status(`random-${String(second)}`);
      clock.advance(SECOND);
    }
    expect(source.fetches).toBeLessThanOrEqual(4);
  });

  it('asks only once for the same unknown id within 30 s', async () => {
    const { clock, source, status } = setUp();
    await status('old');
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await status('ghost')).toBe('unknown');
      clock.advance(5 * SECOND);
    }
    expect(source.fetches).toBe(2);
  });
});

describe('F1: the issuer is away', () => {
  it('goes on serving what it knows, and says that an unknown key cannot be had', async () => {
    const { clock, source, keys, status } = setUp();
    await status('old');
    source.down = true;
    for (let minute = 0; minute < 23 * 60; minute += 1) {
      clock.advance(MINUTE);
      expect(await status('old')).toBe('found');
    }
    expect(source.fetches).toBeLessThanOrEqual(2 * 23 * 60);
    await settled();
    expect(await keys.lookup('new')).toMatchObject({ status: 'unavailable' });
  });

  it('gives the last good set up when it is 24 h old, and comes back with the issuer', async () => {
    const { clock, source, status } = setUp();
    await status('old');
    source.down = true;
    clock.advance(24 * HOUR - SECOND);
    expect(await status('old')).toBe('found');
    await settled();
    clock.advance(2 * SECOND);
    expect(await status('old')).toBe('unavailable');
    source.down = false;
    clock.advance(MINUTE);
    expect(await status('old')).toBe('found');
  });

  it('tries at most twice a minute', async () => {
    const { clock, source, keys, status } = setUp();
    await status('old');
    source.down = true;
    clock.advance(10 * MINUTE);
    const before = source.fetches;
    for (let second = 0; second < 600; second += 1) {
      void keys.refreshIfDue();
      await settled();
      clock.advance(SECOND);
    }
    expect(source.fetches - before).toBeLessThanOrEqual(20);
    expect(source.fetches - before).toBeGreaterThan(10);
  });
});

describe('F7: cold start with the issuer away', () => {
  it('says when to come back, does not hammer, and heals alone', async () => {
    const { clock, source, keys, status } = setUp();
    source.down = true;
    const first = await keys.lookup('old');
    expect(first.status).toBe('unavailable');
    if (first.status === 'unavailable') expect(first.retryAfterSeconds).toBeGreaterThanOrEqual(30);
    for (let index = 0; index < 100; index += 1) expect(await status(`random-${String(index)}`)).toBe('unavailable');
    expect(source.fetches).toBe(1);

    source.down = false;
    clock.advance(36 * SECOND);
    void keys.refreshIfDue();
    await settled();
    expect(keys.lookup('old')).toMatchObject({ status: 'found' });
  });
});

describe('CVE-2026-31837 (a failed fetch ends in a default)', () => {
  it.each([
    ['no key', []],
    ['a symmetric key', [{ kty: 'oct', kid: 'old', k: 'c2VjcmV0', alg: 'HS256' }]],
    ['a key for encryption', [{ ...OLD, use: 'enc' }]],
    ['the same id twice', [OLD, { ...NEW, kid: 'old' }]],
  ])('keeps the good set when the new one has %s', async (_what, keys) => {
    const { clock, source, status, counters } = setUp();
    await status('old');
    source.keys = keys;
    clock.advance(6 * MINUTE);
    await status('old');
    await settled();
    expect(await status('old')).toBe('found');
    expect(counters.snapshot().get('issuer_keys_refresh_failed{no-usable-key}')).toBe(1);
  });
});

describe('a key set that loses most of its keys at once', () => {
  const MANY = ['a', 'b', 'c', 'd', 'e'].map((kid) => ecJwk(kid));

  it('is believed when it is seen twice, and not before', async () => {
    const { clock, source, keys, status } = setUp();
    source.keys = MANY;
    await status('a');
    source.keys = MANY.slice(0, 2);
    clock.advance(6 * MINUTE);
    await keys.refreshIfDue();
    expect(keys.state()).toMatchObject({ status: 'stale', lastFailure: { reason: 'keys-collapsed' } });
    expect(await status('e')).toBe('found');
    clock.advance(40 * SECOND);
    await keys.refreshIfDue();
    expect(keys.state()).toMatchObject({ status: 'fresh', kids: ['a', 'b'] });
    expect(await status('e')).toBe('unknown');
  });

  it('is forgotten when the keys come back', async () => {
    const { clock, source, keys, status } = setUp();
    source.keys = MANY;
    await status('a');
    for (const served of [MANY.slice(0, 1), MANY, MANY.slice(0, 1)]) {
      source.keys = served;
      clock.advance(6 * MINUTE);
      await keys.refreshIfDue();
    }
    expect(keys.state()).toMatchObject({ status: 'stale', kids: ['a', 'b', 'c', 'd', 'e'] });
  });

  it('does not hold up the removal of some, nor a whole new set', async () => {
    const { clock, source, keys, status } = setUp();
    source.keys = MANY;
    await status('a');
    source.keys = MANY.slice(0, 3);
    clock.advance(6 * MINUTE);
    await keys.refreshIfDue();
    expect(keys.state()).toMatchObject({ status: 'fresh', kids: ['a', 'b', 'c'] });
    source.keys = [OLD, NEW];
    clock.advance(6 * MINUTE);
    await keys.refreshIfDue();
    expect(keys.state()).toMatchObject({ status: 'fresh', kids: ['old', 'new'] });
  });
});

describe('the state of a key set', () => {
  it('says how it stands, without asking anybody', async () => {
    const { clock, source, keys, counters, status } = setUp();
    expect(keys.state()).toEqual({
      issuer: 'keycloak',
      iss: 'https://kc.example',
      status: 'idle',
      kids: [],
      ageSeconds: null,
      lastFailure: null,
      nextAttemptInSeconds: null,
    });
    await status('old');
    clock.advance(10 * SECOND);
    expect(keys.state()).toMatchObject({ status: 'fresh', kids: ['old'], ageSeconds: 10, lastFailure: null });
    source.down = true;
    clock.advance(6 * MINUTE);
    await keys.refreshIfDue();
    clock.advance(5 * SECOND);
    expect(keys.state()).toMatchObject({ status: 'stale', kids: ['old'], lastFailure: { reason: 'unreachable', secondsAgo: 5 } });
    expect(keys.state().nextAttemptInSeconds).toBeGreaterThanOrEqual(25);
    expect(keys.state().nextAttemptInSeconds).toBeLessThanOrEqual(31);
    clock.advance(24 * HOUR);
    expect(keys.state()).toMatchObject({ status: 'missing', kids: [], ageSeconds: null });
    expect(counters.snapshot().get('issuer_keys_expired')).toBe(1);
    expect(source.fetches).toBe(2);
  });
});
