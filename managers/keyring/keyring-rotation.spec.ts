import { afterEach, expect, it } from '@jest/globals';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import { age, changesIn, CONTEXT, keyringProcess, type KeyringProcess, statesIn } from './fixtures/keyring-world.fixture.js';

const processes: KeyringProcess[] = [];
afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.stop()));
});

async function started(database: OpenDatabase, options?: Parameters<typeof keyringProcess>[1]): Promise<KeyringProcess> {
  const made = await keyringProcess(database, options);
  processes.push(made);
  await made.manager.prepare(CONTEXT);
  return made;
}

const now = { validateOnly: false };

describeOnEachDatabase('The life of a signing key', (open) => {
  it('goes from made over published, active and retiring to retired, each step with its record', async () => {
    const { database } = await open();
    const { manager, keyAccess } = await started(database);
    const first = keyAccess.activeKey(CONTEXT, 'ES256').kid;
    expect((await manager.advance(CONTEXT)).done).toEqual([]);

    await age(database, '29 days');
    expect((await manager.advance(CONTEXT)).done.map(({ kind }) => kind)).toEqual(['stage', 'publish']);
    expect(await statesIn(database)).toEqual(['active', 'published']);
    expect(await manager.publishedKeys(CONTEXT)).toHaveLength(2);
    expect(keyAccess.activeKey(CONTEXT, 'ES256').kid).toBe(first);

    await age(database, '24 hours');
    expect((await manager.advance(CONTEXT)).done).toMatchObject([{ kind: 'activate', replaces: first }]);
    expect(await statesIn(database)).toEqual(['retiring', 'active']);
    const second = keyAccess.activeKey(CONTEXT, 'ES256').kid;
    expect(second).not.toBe(first);
    expect(await manager.publishedKeys(CONTEXT)).toHaveLength(2);

    await age(database, '173399 seconds');
    expect((await manager.advance(CONTEXT)).done).toEqual([]);
    await age(database, '1 second');
    expect((await manager.advance(CONTEXT)).done).toMatchObject([{ kind: 'remove', kid: first }]);
    expect((await manager.publishedKeys(CONTEXT)).map(({ kid }) => kid)).toEqual([second]);
    expect(await changesIn(database)).toEqual([
      ...Array.from({ length: 5 }, () => 'keyring.secret_made'),
      'keyring.key_made',
      'keyring.key_staged',
      'keyring.key_published',
      'keyring.key_activated',
      'keyring.key_retired',
    ]);
  });

  it('destroys the private half of a key when it stops signing, and has its tokens verified still', async () => {
    const { database } = await open();
    const { manager, keyAccess } = await started(database);
    const first = keyAccess.activeKey(CONTEXT, 'ES256').kid;
    await manager.rotate(CONTEXT, now);
    await age(database, '24 hours');
    await manager.advance(CONTEXT);
    const [row] = await database.query('select state, sealed, wrapped_data_key from signing_key where kid = $1', [first]);
    expect(row).toEqual({ state: 'retiring', sealed: null, wrapped_data_key: null });
    expect(keyAccess.verificationKey(CONTEXT, first)?.signsUntil).toEqual(expect.any(Number));
    const again = await started(database);
    expect((await again.manager.publishedKeys(CONTEXT)).map(({ kid }) => kid)).toContain(first);
  });

  it('rotates before its time when told to, waits for verifiers, and makes no second next key when told again', async () => {
    const { database } = await open();
    const { manager } = await started(database);
    const planned = await manager.rotate(CONTEXT, { validateOnly: true });
    expect(planned.done).toMatchObject([{ kind: 'stage', kid: null }]);
    expect(await statesIn(database)).toEqual(['active']);

    const report = await manager.rotate(CONTEXT, now);
    expect(report.done.map(({ kind }) => kind)).toEqual(['stage', 'publish']);
    expect((await manager.rotate(CONTEXT, now)).done).toEqual([]);
    expect(await statesIn(database)).toEqual(['active', 'published']);
    await age(database, '24 hours');
    expect((await manager.rotate(CONTEXT, now)).done).toMatchObject([{ kind: 'activate' }]);
  });

  it('shows what comes next', async () => {
    const { database } = await open();
    const { manager } = await started(database);
    const { epoch, keys, next, now: time } = await manager.status(CONTEXT);
    expect({ epoch, keys, next }).toMatchObject({
      epoch: 1,
      keys: [{ state: 'active', signsAtOnce: true }],
      next: [{ kind: 'stage' }],
    });
    expect(JSON.stringify(keys)).not.toMatch(/"x"|"d"/);
    const inDays = ((next[0]?.dueAt ?? 0) - time) / 86_400_000;
    expect(inDays).toBeGreaterThan(28.9);
    expect(inDays).toBeLessThanOrEqual(29);
  });

  it('leaves everything as it was when the record cannot be written', async () => {
    const { database } = await open();
    const { manager, keyringAccess } = await started(database);
    await asOwner(database, `alter table audit_record add constraint full_disk check (what not like '%staged')`);
    await expect(manager.rotate(CONTEXT, now)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await statesIn(database)).toEqual(['active']);
    expect((await keyringAccess.keyring(CONTEXT)).epoch).toBe(1);
  });

  it('gives an algorithm that is new to a ring the time that verifiers need', async () => {
    const { database } = await open();
    await started(database);
    const { manager, keyAccess } = await started(database, { algorithms: ['ES256', 'Ed25519', 'PS256'] });
    expect((await manager.advance(CONTEXT)).done.map(({ kind, algorithm }) => `${kind} ${algorithm}`).sort()).toEqual([
      'publish Ed25519',
      'publish PS256',
      'stage Ed25519',
      'stage PS256',
    ]);
    expect(() => keyAccess.activeKey(CONTEXT, 'PS256')).toThrow(expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' }));
    await age(database, '24 hours');
    await manager.advance(CONTEXT);
    expect(keyAccess.activeKey(CONTEXT, 'PS256').algorithm).toBe('PS256');
    expect(await statesIn(database)).toEqual(['active', 'active', 'active']);
  });

  it('does not sign with a key that is public for too short a time, whatever the table says', async () => {
    const { database } = await open();
    const { manager, keyAccess } = await started(database);
    await manager.rotate(CONTEXT, now);
    await database.query(
      `update signing_key set state = 'retiring', sealed = null, wrapped_data_key = null where state = 'active'`,
    );
    await database.query(`update signing_key set state = 'active', activated_at = now() where state = 'published'`);
    await keyAccess.refresh();
    expect(() => keyAccess.activeKey(CONTEXT, 'ES256')).toThrow(expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' }));
    expect(await manager.publishedKeys(CONTEXT)).toHaveLength(2);
  });
});

describeOnPostgres('Several processes at once', (open) => {
  it.each([2, 8])('make one new key when %i of them rotate at the same time', async (count) => {
    const opened = await open();
    const rivals = await Promise.all(Array.from({ length: count }, async () => started(await opened.reopen())));
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all(rivals.map(({ manager }) => manager.rotate(CONTEXT, now)));
      expect((await statesIn(opened.database)).filter((state) => state === 'published')).toHaveLength(1);
      await age(opened.database, '24 hours');
      await Promise.all(rivals.map(({ manager }) => manager.advance(CONTEXT)));
      expect((await statesIn(opened.database)).filter((state) => state === 'active')).toHaveLength(1);
      expect(await statesIn(opened.database)).toHaveLength(1 + round);
    }
    const { keys } = await rivals[0]!.keyringAccess.keyring(CONTEXT);
    const kid = keys.find(({ state }) => state === 'active')?.kid;
    await until('all sign with the same key', () =>
      rivals.every(({ keyAccess }) => keyAccess.activeKey(CONTEXT, 'ES256').kid === kid),
    );
  });

  it('let one of them advance, and another when that one is gone', async () => {
    const opened = await open();
    const one = await started(opened.database);
    const other = await started(await opened.reopen());
    expect((await one.manager.advance(CONTEXT)).held).toBe(true);
    expect((await other.manager.advance(CONTEXT)).held).toBe(false);
    expect((await one.manager.advance(CONTEXT)).held).toBe(true);
    await opened.database.query(`update work_lease set expires_at = now() - interval '1 second'`);
    expect((await other.manager.advance(CONTEXT)).held).toBe(true);
    expect((await one.manager.advance(CONTEXT)).held).toBe(false);
  });

  it('do nothing under a lease that another has taken over', async () => {
    const opened = await open();
    const one = await started(opened.database);
    const fence = (await one.keyringAccess.takeLease(CONTEXT, 'one', 60)) ?? 0;
    await opened.database.query(`update work_lease set expires_at = now() - interval '1 second'`);
    expect(await one.keyringAccess.takeLease(CONTEXT, 'other', 60)).toBe(fence + 1);
    const change = { expectedEpoch: 1, fence, add: [await one.keyringAccess.makeKey(CONTEXT, 'ES256', 'late')] };
    await expect(opened.database.run(() => one.keyringAccess.change(CONTEXT, change))).rejects.toMatchObject({
      code: 'KEYRING_CHANGED',
    });
    expect(await statesIn(opened.database)).toEqual(['active']);
  });

  it('learn of a new key within a moment', async () => {
    const opened = await open();
    const one = await started(opened.database);
    const other = await started(await opened.reopen());
    await one.manager.rotate(CONTEXT, now);
    await until('the other publishes it', async () => (await other.manager.publishedKeys(CONTEXT)).length === 2);
    expect(await other.manager.publishedKeys(CONTEXT)).toEqual(await one.manager.publishedKeys(CONTEXT));
  });
});
