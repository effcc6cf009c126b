import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { asOwner } from '../../support/as-owner.js';
import { describeOnPostgres } from '../../support/database.js';
import { mintRequest } from './mint-request.js';
import { ProcessWorld } from './process-world.js';
import { CONTEXT, openReplica, type Replica } from './replica.js';

const TABLES = ['signing_key', 'keyring_epoch', 'installation_secret', 'data_epoch'];
const UNCONFIRMED_BOUND_MS = 300_000;

describeOnPostgres('a database that was restored from before the last rotation', () => {
  let world: ProcessWorld;
  /** Signed at the time of the backup; was retired since. */
  let oldKid: string;
  /** Signs when the database is restored. */
  let newKid: string;

  beforeEach(async () => {
    world = await ProcessWorld.open({ simulated: true });
    oldKid = world.own.keyAccess.activeKey(CONTEXT, 'ES256').kid;
    await backUp();
    for (const kind of ['publish', 'activate', 'remove']) await advanceThrough(kind);
    newKid = world.own.keyAccess.activeKey(CONTEXT, 'ES256').kid;
    expect(newKid).not.toBe(oldKid);
    expect((await world.own.manager.publishedKeys(CONTEXT)).map(({ kid }) => kid)).not.toContain(oldKid);
    await restore();
  }, 30_000);
  afterEach(() => world.close(), 30_000);

  it('is refused by a process that starts, whatever the database says', async () => {
    const replica = await startUnprepared();
    await expect(replica.manager.prepare(CONTEXT)).rejects.toMatchObject({ code: 'KEYRING_RESTORED' });
    await expect(replica.engine.mint(CONTEXT, mintRequest())).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
  });

  it('takes no process that runs back to the old key: it goes on with its own for 5 minutes and then stops', async () => {
    await world.own.keyringAccess.settle(CONTEXT).catch(() => undefined);
    expect(await kidSignedWith(world.own)).toBe(newKid);
    await world.to(world.now + UNCONFIRMED_BOUND_MS + 1).catch(() => undefined);
    expect(await kidSignedWith(world.own)).not.toBe(oldKid);
    await expect(world.own.engine.mint(CONTEXT, mintRequest())).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
  });

  it('is neither rotated nor advanced', async () => {
    const { manager } = world.own;
    await expect(manager.rotate(CONTEXT, { validateOnly: false })).rejects.toMatchObject({ code: 'KEYRING_RESTORED' });
    await expect(manager.advance(CONTEXT)).rejects.toMatchObject({ code: 'KEYRING_RESTORED' });
    expect((await states())[oldKid]).toBe('active');
  });

  it('gets a new key that signs at once when the operator says that it was restored, and the old one is revoked', async () => {
    const { emergency } = await startUnprepared();
    const request = { reason: 'restored', validateOnly: false } as const;
    await expect(emergency.breakGlass(CONTEXT, { ...request, afterRestore: false })).rejects.toMatchObject({
      code: 'KEYRING_RESTORED',
    });
    await emergency.breakGlass(CONTEXT, { ...request, afterRestore: true });
    expect((await states())[oldKid]).toBe('revoked');
    const fresh = await startUnprepared();
    await fresh.manager.prepare(CONTEXT);
    const kid = await kidSignedWith(fresh);
    expect([oldKid, newKid, undefined]).not.toContain(kid);
    expect((await fresh.manager.publishedKeys(CONTEXT)).map((key) => key.kid)).not.toContain(oldKid);
    const { epoch, floor } = await fresh.manager.status(CONTEXT);
    expect(epoch).toBeGreaterThanOrEqual(floor);
  });

  async function advanceThrough(kind: string): Promise<void> {
    for (let tries = 0; tries < 10; tries += 1) {
      await world.toNextStep();
      const { done } = await world.own.manager.advance(CONTEXT);
      if (done.some((step) => step.kind === kind)) return;
    }
    throw new Error(`no key came to ${kind}`);
  }

  async function startUnprepared(): Promise<Replica> {
    const { url, keyEncryptionKeyFile } = world;
    const replica = await openReplica({ url, keyEncryptionKeyFile, clock: new ManualClock(world.now) });
    world.onClose(() => replica.close());
    return replica;
  }

  async function backUp(): Promise<void> {
    await asOwner(world.own.database, 'create schema backup');
    for (const table of TABLES) await asOwner(world.own.database, `create table backup.${table} as table ${table}`);
  }

  /** Also what the triggers keep is as it was, as after the restore of a whole database. */
  async function restore(): Promise<void> {
    await world.own.database.run(async () => {
      await world.own.database.query('set local role none');
      await world.own.database.query('set local session_replication_role = replica');
      for (const table of TABLES) {
        await world.own.database.query(`delete from ${table}`);
        await world.own.database.query(`insert into ${table} select * from backup.${table}`);
      }
    });
  }

  async function states(): Promise<Readonly<Record<string, string>>> {
    const rows = await world.own.database.query<{ kid: string; state: string }>('select kid, state from signing_key');
    return Object.fromEntries(rows.map(({ kid, state }) => [kid, state]));
  }
});

async function kidSignedWith({ engine }: Replica): Promise<string | undefined> {
  try {
    return (await engine.mint(CONTEXT, mintRequest())).kid;
  } catch {
    return undefined;
  }
}
