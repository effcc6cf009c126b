import { describe, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { CONTEXT, setUpAccess } from './fixtures/issuer-access.fixture.js';
import { oidcRegistration } from './fixtures/registrations.fixture.js';

const ISS = 'https://kc.example/realms/r';
const MINUTE = 60_000;

async function setUp() {
  const parts = setUpAccess();
  await parts.access.registerIssuer(CONTEXT, oidcRegistration(ISS));
  const nameOf = async (iss: string): Promise<string | undefined> => (await parts.access.trustedIssuer(CONTEXT, iss))?.name;
  return { ...parts, nameOf };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'nothing';
  } catch (error) {
    return isCodedError(error) ? error.code : String(error);
  }
}

describe('the trusted issuers in memory', () => {
  it('are read once, for all who ask at the same time', async () => {
    const { store, nameOf } = await setUp();
    expect(await Promise.all(Array.from({ length: 50 }, () => nameOf(ISS)))).toEqual(
      Array.from({ length: 50 }, () => 'keycloak'),
    );
    await nameOf(ISS);
    expect(store.reads).toBe(1);
  });

  it.each([
    `${ISS}/`,
    ISS.toUpperCase(),
    'https://kc.example/realms',
    `${ISS}\n`,
    ` ${ISS}`,
    '',
    'https://kc.example:443/realms/r',
    '__proto__',
  ])('know no issuer %j', async (iss) => {
    const { nameOf } = await setUp();
    expect(await nameOf(iss)).toBeUndefined();
  });

  it('are read again after a change of the platform, and after no other', async () => {
    const { access, feed, store, nameOf } = await setUp();
    await nameOf(ISS);
    feed.change('1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f');
    await nameOf(ISS);
    expect(store.reads).toBe(1);

    await access.registerIssuer(CONTEXT, oidcRegistration(ISS, { status: 'disabled' }));
    expect(await nameOf(ISS)).toBe('keycloak');
    feed.change();
    expect(await nameOf(ISS)).toBeUndefined();
    expect(store.reads).toBe(2);
  });

  it('are not taken from a read that began before the change', async () => {
    const { access, feed, store, nameOf } = await setUp();
    store.hold();
    const first = nameOf(ISS);
    await access.registerIssuer(CONTEXT, oidcRegistration(ISS, { status: 'disabled' }));
    feed.change();
    const second = nameOf(ISS);
    store.release();
    expect(await first).toBe('keycloak');
    expect(await second).toBeUndefined();
    expect(store.reads).toBe(2);
  });

  it('serve on while they cannot be read again, for 5 minutes', async () => {
    const { clock, feed, store, warnings, nameOf } = await setUp();
    await nameOf(ISS);
    store.down = true;
    feed.change();
    expect(await nameOf(ISS)).toBe('keycloak');
    expect(warnings.map(([event]) => event)).toEqual(['issuers.reload_failed']);

    clock.advance(5 * MINUTE + 1);
    feed.age = 5 * MINUTE;
    expect(await nameOf(ISS)).toBe('keycloak');
    feed.age = 5 * MINUTE + 1;
    expect(await codeOf(nameOf(ISS))).toBe('STORE_UNAVAILABLE');

    store.down = false;
    expect(await nameOf(ISS)).toBe('keycloak');
  });

  it('are not served without confirmation, even if no change was heard of', async () => {
    const { clock, feed, store, nameOf } = await setUp();
    await nameOf(ISS);
    clock.advance(6 * MINUTE);
    feed.age = 6 * MINUTE;
    store.down = true;
    expect(await codeOf(nameOf(ISS))).toBe('STORE_UNAVAILABLE');
  });

  it('are confirmed by a read of their own where the feed is silent', async () => {
    const { clock, feed, store, nameOf } = await setUp();
    feed.age = Number.POSITIVE_INFINITY;
    await nameOf(ISS);
    await nameOf(ISS);
    expect(store.reads).toBe(1);
    clock.advance(6 * MINUTE);
    expect(await nameOf(ISS)).toBe('keycloak');
    expect(store.reads).toBe(2);
  });

  it('do not ask a failing store for each request', async () => {
    const { clock, feed, store, nameOf } = await setUp();
    await nameOf(ISS);
    store.down = true;
    feed.change();
    for (let turn = 0; turn < 10; turn += 1) await nameOf(ISS);
    expect(store.reads).toBe(2);
    clock.advance(1_001);
    store.down = false;
    await nameOf(ISS);
    expect(store.reads).toBe(3);
  });

  it('cannot be had at all without a first read', async () => {
    const { store, nameOf } = await setUp();
    store.down = true;
    expect(await codeOf(nameOf(ISS))).toBe('STORE_UNAVAILABLE');
    store.down = false;
    expect(await nameOf(ISS)).toBe('keycloak');
  });

  it('leave out what does not keep the rules, whoever wrote it', async () => {
    const { store, warnings, nameOf } = await setUp();
    const good = store.records.get('keycloak')!;
    const put = (name: string, issuer: string, changes: object): void => {
      store.records.set(name, { ...good, name, config: { ...(good.config as object), issuer, ...changes } });
    };
    put('no-audience', 'https://a.example', { audiences: [] });
    put('hmac', 'https://b.example', { algorithms: ['HS256'] });
    put('plain', 'http://c.example', {});
    put('half', 'https://d.example', { claims: undefined });
    store.records.set('alien', { ...good, name: 'alien', provider: 'saml' });
    expect(await nameOf(ISS)).toBe('keycloak');
    for (const host of ['https://a.example', 'https://b.example', 'http://c.example', 'https://d.example'])
      expect(await nameOf(host)).toBeUndefined();
    expect(warnings.map(([event, fields]) => [event, fields?.['issuer']])).toEqual(
      ['no-audience', 'hmac', 'plain', 'half', 'alien'].map((name) => ['issuers.refused', name]),
    );
  });

  it('give an iss with two owners to neither', async () => {
    const { store, nameOf } = await setUp();
    store.records.set('twin', { ...store.records.get('keycloak')!, name: 'twin' });
    expect(await nameOf(ISS)).toBeUndefined();
  });
});
