import { beforeAll, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/database.js';
import type { IssuerRegistration } from './contract.js';
import { DefaultIssuerRegistry } from './default.issuer.registry.js';
import { CONTEXT, loopbackSource, setUpAccess } from './fixtures/issuer-access.fixture.js';
import { ecJwk, RawIssuer } from './fixtures/raw-issuer.fixture.js';
import { oidcRegistration } from './fixtures/registrations.fixture.js';
import { IssuerProber } from './issuer.prober.js';
import { IssuerTrust } from './issuer-trust.js';
import { IssuerStore } from './stores/issuer.store.js';
import { IssuerVersionStore } from './stores/issuer-version.store.js';

const ACME = '0b0e6c1e-0000-4000-8000-000000000001';

function partsOn({ database }: TestDatabase) {
  const store = new IssuerStore({ database });
  const versions = new IssuerVersionStore({ database });
  const rules = { allowLoopbackHttp: true, ownIssuer: 'https://auth.example', presets: [] };
  const trust = new IssuerTrust({ store, versions, rules });
  const { access } = setUpAccess({ store, issuerTrust: trust, unitOfWork: database });
  const prober = new IssuerProber({ source: loopbackSource() });
  const registry = new DefaultIssuerRegistry({
    trust,
    versions,
    prober,
    unitOfWork: database,
    keySets: () => access.keySetStates(),
  });
  return { access, registry };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'nothing',
    (thrown: unknown) => thrown,
  );
  return isCodedError(error) ? error.code : String(error);
}

describeOnEachDatabase('the life of an issuer', (open) => {
  let db: TestDatabase;
  let count = 0;

  beforeAll(async () => {
    db = await open();
    await asOwner(db.database, "insert into tenant (id, slug, status) values ($1, 'acme', 'active')", [ACME]);
  });

  /** An issuer that no other test knows. */
  function fresh() {
    count += 1;
    const name = `issuer-${String(count)}`;
    const iss = `https://idp-${String(count)}.example`;
    const registration = (more: object = {}): IssuerRegistration => oidcRegistration(iss, { name, ...more });
    const { registry } = partsOn(db);
    const inForce = async (): Promise<number | undefined> =>
      // A process that has read nothing yet, as one that starts now.
      (await partsOn(db).access.trustedIssuer(CONTEXT, iss))?.skewSeconds;
    const activate = (version: number, expected: number | null): Promise<unknown> =>
      registry.activateIssuer(CONTEXT, { name, version, expected });
    return { name, iss, registration, registry, inForce, activate };
  }

  it('begins with a draft that counts for nothing', async () => {
    const { name, registration, registry, inForce } = fresh();
    expect(await registry.draftIssuer(CONTEXT, registration())).toMatchObject({ name, version: 1 });
    expect(await inForce()).toBeUndefined();
    expect(await registry.issuers(CONTEXT)).toContainEqual({ name, status: 'draft', version: null, newestVersion: 1 });
  });

  it('has one version for the same content, however often it is drafted', async () => {
    const { registration, registry } = fresh();
    const first = await registry.draftIssuer(CONTEXT, registration());
    expect(first.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await registry.draftIssuer(CONTEXT, registration())).toEqual(first);
    expect((await registry.draftIssuer(CONTEXT, registration({ skewSeconds: 5 }))).version).toBe(2);
    expect(await registry.draftIssuer(CONTEXT, registration())).toEqual(first);
  });

  it('puts a version into force for whoever has seen what was in force before', async () => {
    const { registration, registry, inForce, activate } = fresh();
    await registry.draftIssuer(CONTEXT, registration({ skewSeconds: 1 }));
    await registry.draftIssuer(CONTEXT, registration({ skewSeconds: 2 }));
    await activate(1, null);
    expect(await inForce()).toBe(1);
    expect(await codeOf(activate(2, null))).toBe('ISSUER_CHANGED');
    expect(await codeOf(activate(2, 2))).toBe('ISSUER_CHANGED');
    expect(await inForce()).toBe(1);
    await activate(2, 1);
    expect(await inForce()).toBe(2);
    expect(await codeOf(activate(3, 2))).toBe('ISSUER_UNKNOWN');
  });

  it('goes back by one more activation, and remembers everything', async () => {
    const { name, registration, registry, inForce, activate } = fresh();
    for (const skewSeconds of [1, 2]) await registry.draftIssuer(CONTEXT, registration({ skewSeconds }));
    await activate(1, null);
    await activate(2, 1);
    await activate(1, 2);
    expect(await inForce()).toBe(1);
    const { versions, activations } = await registry.issuerHistory(CONTEXT, name);
    expect(versions.map(({ registration: { skewSeconds } }) => skewSeconds)).toEqual([1, 2]);
    expect(activations.map(({ number, version, status }) => [number, version, status])).toEqual([
      [1, 1, 'active'],
      [2, 2, 'active'],
      [3, 1, 'active'],
    ]);
  });

  it('CVE-2026-1486: is out of force as soon as it is disabled, and back as it was', async () => {
    const { name, registration, registry, inForce, activate } = fresh();
    await registry.draftIssuer(CONTEXT, registration({ skewSeconds: 7 }));
    expect(await codeOf(registry.switchIssuer(CONTEXT, name, 'disabled'))).toBe('ISSUER_UNKNOWN');
    await activate(1, null);
    expect(await registry.switchIssuer(CONTEXT, name, 'disabled')).toMatchObject({ number: 2, version: 1, status: 'disabled' });
    expect(await inForce()).toBeUndefined();
    expect(await registry.switchIssuer(CONTEXT, name, 'disabled')).toMatchObject({ number: 2 });
    expect(await registry.switchIssuer(CONTEXT, name, 'active')).toMatchObject({ number: 3, version: 1, status: 'active' });
    expect(await inForce()).toBe(7);
  });

  it('is the same when it is imported: drafted and put into force in one go', async () => {
    const { name, registration, registry, inForce } = fresh();
    const { access } = partsOn(db);
    expect(await access.registerIssuer(CONTEXT, registration({ skewSeconds: 3 }))).toBe('created');
    expect(await access.registerIssuer(CONTEXT, registration({ skewSeconds: 3 }))).toBe('unchanged');
    expect(await access.registerIssuer(CONTEXT, registration({ skewSeconds: 4 }))).toBe('updated');
    expect(await inForce()).toBe(4);
    expect(await registry.issuers(CONTEXT)).toContainEqual({ name, status: 'active', version: 2, newestVersion: 2 });
  });

  it('never lets two active issuers own one iss', async () => {
    const one = fresh();
    const two = fresh();
    await one.registry.draftIssuer(CONTEXT, one.registration());
    await one.activate(1, null);
    await two.registry.draftIssuer(CONTEXT, oidcRegistration(one.iss, { name: two.name }));
    expect(await codeOf(two.activate(1, null))).toBe('ISSUER_INVALID');
    expect((await two.registry.issuerHistory(CONTEXT, two.name)).activations).toEqual([]);
  });

  it('CVE-2026-15572: is checked as a whole when it is put into force, not when it was written', async () => {
    const { name, registration, registry, activate } = fresh();
    await registry.draftIssuer(CONTEXT, registration());
    await asOwner(
      db.database,
      `insert into trusted_issuer_version (issuer_name, version, sha256, document)
       select issuer_name, 2, sha256('x'::bytea), jsonb_set(document, '{config,audiences}', '[]') from trusted_issuer_version
       where issuer_name = $1`,
      [name],
    );
    expect(await codeOf(activate(2, null))).toBe('ISSUER_INVALID');
  });

  it('keeps its history from being rewritten', async () => {
    for (const table of ['trusted_issuer_version', 'trusted_issuer_activation']) {
      await expect(asOwner(db.database, `update ${table} set version = version`)).rejects.toThrow(/append-only/);
      await expect(asOwner(db.database, `delete from ${table}`)).rejects.toThrow(/append-only/);
    }
  });

  it('gives one of those who activate at the same time what they ask for', async () => {
    const { registration, registry, activate } = fresh();
    await registry.draftIssuer(CONTEXT, registration());
    const codes = await Promise.all(Array.from({ length: 4 }, () => codeOf(activate(1, null))));
    expect(codes.filter((code) => code === 'nothing')).toHaveLength(1);
    expect(codes.filter((code) => code === 'ISSUER_CHANGED')).toHaveLength(3);
  });
});

describeOnEachDatabase('a probe', (open) => {
  it('says what an issuer answers, and changes nothing', async () => {
    const db = await open();
    await asOwner(db.database, "insert into tenant (id, slug, status) values ($1, 'acme', 'active')", [ACME]);
    const { registry, access } = partsOn(db);
    const raw = await new RawIssuer().start([ecJwk('good'), { kty: 'oct', kid: 'bad', k: 'c2VjcmV0' }]);
    try {
      const [good] = await registry.probeIssuer(CONTEXT, oidcRegistration(raw.url));
      expect(good).toMatchObject({
        iss: raw.url,
        outcome: 'ok',
        jwksHost: new URL(raw.url).host,
        keys: [{ kid: 'good', algorithm: 'ES256' }],
        refusedKeys: [{ kid: 'bad' }],
      });
      raw.pages.set('/.well-known/openid-configuration', { issuer: 'https://attacker.example' });
      const [wrong] = await registry.probeIssuer(CONTEXT, oidcRegistration(raw.url));
      expect(wrong).toMatchObject({ outcome: 'issuer-mismatch', keys: [] });
      expect(await access.trustedIssuer(CONTEXT, raw.url)).toBeUndefined();
      expect(await registry.issuers(CONTEXT)).toEqual([]);
    } finally {
      await raw.stop();
    }
  });
});
