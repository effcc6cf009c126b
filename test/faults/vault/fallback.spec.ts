import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { CALM, type VaultKnobs } from '#devkit/key-vault/vault-knobs.js';
import type { IssuedToken } from '#engines/signing/contract.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { age, CONTEXT, keyringProcess, type KeyringProcess } from '../../../managers/keyring/fixtures/keyring-world.fixture.js';
import { describeOnPostgres } from '../../support/database.js';
import { until } from '../../support/until.js';
import { AUDIENCE, mintRequest } from '../keys/mint-request.js';
import { RunningClock } from './running.clock.js';
import { VaultHouse } from './vault.house.js';

const AWAY: readonly (readonly [string, Partial<VaultKnobs>])[] = [
  ['429 with Retry-After', { fault: 'throttled', retryAfterSeconds: 7 }],
  ['no listener', { outage: 'refused' }],
  ['no answer', { outage: 'hang' }],
  ['503', { fault: 'unavailable' }],
];
const REFUSING: readonly (readonly [string, Partial<VaultKnobs>])[] = [
  ['VAULT_ROLE_MISSING', { fault: 'rbac' }],
  ['VAULT_FIREWALL_PRIVATE_ADDRESS', { fault: 'firewall-private' }],
  ['VAULT_KEY_NOT_FOUND', { fault: 'not-found' }],
];
const MINUTE_MS = 60_000;

describeOnPostgres('A key that stands by for those of a vault', (open) => {
  const clock = new RunningClock();
  const house = new VaultHouse(clock);
  let database: OpenDatabase;
  let service: KeyringProcess;
  let inTheVault: string;
  let standby: string;

  const mint = (): Promise<IssuedToken> => service.engine.mint(CONTEXT, mintRequest());
  const records = (): Promise<{ what: string; detail: string }[]> =>
    database.query(`select what, detail from audit_record where what like 'keyring.fallback%' order by id`);

  async function process(options: Parameters<VaultHouse['process']>[0], fallsBack = true): Promise<KeyringProcess> {
    const remote = house.process(options).direct;
    const made = await keyringProcess(database, { remote, fallsBack, clock });
    await made.manager.prepare(CONTEXT);
    return made;
  }

  beforeAll(async () => {
    await house.start();
    ({ database } = await open());
    service = await process({ timeoutMs: 300 });
  }, MINUTE_MS);
  /** Until the vault signs again and everybody has noticed. */
  afterEach(async () => {
    await house.vault.turn(CALM);
    clock.advance(MINUTE_MS);
    await until('the vault signs again', async () => (await mint()).kid === inTheVault);
    clock.advance(2 * MINUTE_MS);
    await service.manager.advance(CONTEXT);
    await until('both is recorded', async () => (await records()).length % 2 === 0);
  });
  afterAll(async () => {
    await service.stop();
    await house.stop();
  });

  it('is made and published like any other, and stands in for nobody before verifiers have had the time to learn of it', async () => {
    inTheVault = (await mint()).kid;
    const { done } = await service.manager.advance(CONTEXT);
    expect(done).toMatchObject([
      { kind: 'stage', standby: true },
      { kind: 'publish', standby: true },
    ]);
    const { keys } = await service.manager.status(CONTEXT);
    standby = keys.find((key) => key.standby === true)?.kid ?? '';
    expect(keys).toMatchObject([
      { kid: inTheVault, state: 'active', backend: 'azure-key-vault' },
      { kid: standby, state: 'published', backend: 'local' },
    ]);
    await house.vault.turn({ outage: 'refused' });
    await age(database, '23 hours 59 minutes');
    await service.keyAccess.refresh();
    await expect(mint()).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
    await age(database, '1 minute');
    await service.keyAccess.refresh();
  });

  it.each(AWAY)('signs in its place while it answers %s; no later token waits for it; both is recorded', async (_, knobs) => {
    const before = await records();
    await house.vault.turn(knobs);
    const first = await mint();
    expect(first.kid).toBe(standby);
    house.vault.forgetCounts();
    for (let count = 0; count < 20; count += 1) expect((await mint()).kid).toBe(standby);
    expect(house.vault.calls('sign')).toBe(0);

    expect(service.engine.verifyIssued(CONTEXT, first.token, AUDIENCE)).toMatchObject({
      genuine: true,
      claims: { kid: standby },
    });
    expect((await service.manager.publishedKeys(CONTEXT)).map(({ kid }) => kid)).toContain(standby);
    expect(service.counters.snapshot().get('signing.fallback{ES256}')).toBeGreaterThanOrEqual(21);
    await until('the beginning is recorded', async () => (await records()).length === before.length + 1);

    await house.vault.turn(CALM);
    clock.advance(MINUTE_MS / 2);
    await until('the vault signs again', async () => (await mint()).kid === inTheVault);
    clock.advance(MINUTE_MS);
    await service.manager.advance(CONTEXT);
    await until('the end is recorded', async () => (await records()).length === before.length + 2);
    const [began, ended] = (await records()).slice(before.length);
    expect(began).toEqual({
      what: 'keyring.fallback_began',
      detail: expect.stringMatching(`^${standby} \\(ES256\\) stands in since .*VAULT_`),
    });
    expect(ended?.what).toBe('keyring.fallback_ended');
    expect(ended?.detail).toMatch(/for \d\d+ tokens: VAULT_/);
    const ends = service.logger.lines.filter(({ event }) => event === 'keyring.fallback_ended');
    expect(ends).toHaveLength((before.length + 2) / 2);
  });

  it.each(REFUSING)('does not stand in for a vault that refuses: %s', async (code, knobs) => {
    await house.vault.turn(knobs);
    await expect(mint()).rejects.toMatchObject({
      code: 'SIGNING_UNAVAILABLE',
      details: { internal: expect.stringContaining(code), retryAfterSeconds: expect.any(Number) },
    });
  });

  it('does not go on standing in when the vault, asked again, refuses', async () => {
    await house.vault.turn({ outage: 'refused' });
    expect((await mint()).kid).toBe(standby);
    await house.vault.turn({ ...CALM, fault: 'rbac' });
    clock.advance(MINUTE_MS / 2);
    await until('nothing is signed', async () =>
      mint().then(
        () => false,
        () => true,
      ),
    );
    await expect(mint()).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
  });

  it('signs what is beyond the limit of the vault, which is asked for no more than that', async () => {
    const limited = await process({ unitsPer10Seconds: 100 });
    house.vault.forgetCounts();
    const tokens = await Promise.all(Array.from({ length: 60 }, () => limited.engine.mint(CONTEXT, mintRequest())));
    const kids = tokens.map(({ kid }) => kid);
    expect(new Set(kids)).toEqual(new Set([inTheVault, standby]));
    expect(house.vault.calls('sign')).toBe(kids.filter((kid) => kid === inTheVault).length);
    expect(house.vault.answers(429)).toBe(0);
    clock.advance(MINUTE_MS);
    await limited.keyAccess.refresh();
    await until('both is recorded', async () => (await records()).length % 2 === 0);
    await limited.stop();
  });

  it('stands in for nobody where the settings do not want it, and leaves the ring in time', async () => {
    const shedding = await process({}, false);
    await house.vault.turn({ outage: 'refused' });
    await expect(shedding.engine.mint(CONTEXT, mintRequest())).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
    const { next } = await shedding.manager.status(CONTEXT);
    expect(next[0]).toMatchObject({ kind: 'retire', kid: standby, standby: true });
    await shedding.stop();
  });

  it('never becomes the active key, also when the one in the vault is revoked, and signs no more when it is itself', async () => {
    const { replacedBy } = await service.emergency.revoke(CONTEXT, { kid: inTheVault, reason: 'drill', validateOnly: false });
    expect(replacedBy).not.toBe(standby);
    inTheVault = replacedBy ?? '';
    await service.emergency.revoke(CONTEXT, { kid: standby, reason: 'drill', validateOnly: false });
    await house.vault.turn({ outage: 'refused' });
    await expect(mint()).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
  });
});
