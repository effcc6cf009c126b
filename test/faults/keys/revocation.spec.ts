import { afterEach, expect, it } from '@jest/globals';
import { TcpProxy } from '#devkit/tcp-proxy/tcp-proxy.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { describeOnPostgres } from '../../support/database.js';
import { until } from '../../support/until.js';
import { mintRequest } from './mint-request.js';
import { ProcessWorld } from './process-world.js';
import { CONTEXT, openReplica, type Replica } from './replica.js';

/** Design §5: a replica that cannot confirm the keyring stops issuing. */
const UNCONFIRMED_BOUND_MS = 300_000;
const WATCHED_FOR_MS = 3_000;
const REACHED_WITHIN_MS = 5_000;

let world: ProcessWorld | undefined;

describeOnPostgres('a revoked key', () => {
  afterEach(async () => {
    await world?.close();
    world = undefined;
  }, 30_000);

  it('signs nothing more at any replica that reaches PostgreSQL, long before 5 s are over', async () => {
    world = await ProcessWorld.open({ simulated: false });
    const replicas = await Promise.all([world.start(), world.start(), world.start()]);
    const { signer } = await oneOf(replicas).state();
    const signing = replicas.map((each) =>
      each.ask<Record<string, { last: number; times: number }>>({ do: 'sign-until', milliseconds: WATCHED_FOR_MS }),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await world.own.emergency.revoke(CONTEXT, { kid: signer, reason: 'stolen', validateOnly: false });
    const revokedAt = Date.now();
    const signed = await Promise.all(signing);
    const late = signed.map((byKid) => Math.max(0, (byKid[signer]?.last ?? 0) - revokedAt));
    for (const byKid of signed) {
      expect(byKid[signer]?.times).toBeGreaterThan(10);
      expect(Object.entries(byKid).some(([kid, { times }]) => kid !== signer && times > 10)).toBe(true);
    }
    expect(Math.max(...late)).toBeLessThan(REACHED_WITHIN_MS);
    const states = await Promise.all(replicas.map((each) => each.state()));
    for (const { published } of states) expect(published).not.toContain(signer);
    console.log(
      JSON.stringify({
        revoke: 'reached',
        replicas: replicas.length,
        lastSignatureMsAfter: late,
        signed: signed.map((each) => each[signer]?.times),
      }),
    );
  }, 30_000);

  it('signs nothing more anywhere when the replica that revoked it is killed right after, and another one as well', async () => {
    world = await ProcessWorld.open({ simulated: false });
    const [first, second, third, fourth] = await Promise.all([world.start(), world.start(), world.start(), world.start()]);
    const { signer } = await first.state();
    const signing = [third, fourth].map((each) =>
      each.ask<Record<string, { last: number; times: number }>>({ do: 'sign-until', milliseconds: WATCHED_FOR_MS }),
    );
    await second.ask({ do: 'arm', at: { kind: 'commit', moment: 'after', words: '' } });
    const answer = await second.tell({ do: 'revoke', kid: signer });
    const killedAt = Date.now();
    expect(answer).toEqual({ error: 'ended by SIGKILL' });
    await first.end();
    // Nobody announced it, so the others learn with their next poll, or from whoever announces first, as here.
    await world.own.keyringAccess.settle(CONTEXT);
    const late = (await Promise.all(signing)).map((byKid) => Math.max(0, (byKid[signer]?.last ?? 0) - killedAt));
    expect(Math.max(...late)).toBeLessThan(REACHED_WITHIN_MS);
    console.log(JSON.stringify({ revoke: 'half of the replicas killed', lastSignatureMsAfter: late }));
  }, 30_000);

  it('is signed with for 5 minutes at most where PostgreSQL is out of reach, and the key set is served on', async () => {
    world = await ProcessWorld.open({ simulated: false });
    const { signer, clock, cut, replica } = await replicaBehindProxy(world);
    cut();
    await world.own.emergency.revoke(CONTEXT, { kid: signer, reason: 'stolen', validateOnly: false });
    clock.advance(UNCONFIRMED_BOUND_MS);
    // The price of a partition: it has not heard, and the bound is not over.
    expect((await replica.engine.mint(CONTEXT, mintRequest())).kid).toBe(signer);
    clock.advance(1);
    await expect(replica.engine.mint(CONTEXT, mintRequest())).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
    expect(() => replica.keyAccess.activeKey(CONTEXT, 'ES256')).toThrow(expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' }));
    expect((await replica.manager.publishedKeys(CONTEXT)).map(({ kid }) => kid)).toContain(signer);
    console.log(JSON.stringify({ revoke: 'out of reach', stopsIssuingAfterMs: UNCONFIRMED_BOUND_MS }));
  }, 30_000);

  it('is learnt of by a replica that reaches PostgreSQL again', async () => {
    world = await ProcessWorld.open({ simulated: false });
    const { signer, cut, heal, replica } = await replicaBehindProxy(world);
    cut();
    await world.own.emergency.revoke(CONTEXT, { kid: signer, reason: 'stolen', validateOnly: false });
    heal();
    await until('the replica signs with another key', async () => (await kidOf(replica)) !== signer);
  }, 30_000);
});

async function replicaBehindProxy(around: ProcessWorld) {
  const url = new URL(around.url);
  const proxy = new TcpProxy({ target: { host: url.hostname, port: Number(url.port === '' ? '5432' : url.port) } });
  const at = await proxy.start();
  url.hostname = at.host;
  url.port = String(at.port);
  const clock = new ManualClock(Date.now());
  const replica = await openReplica({ url: url.href, keyEncryptionKeyFile: around.keyEncryptionKeyFile, clock });
  await replica.manager.prepare(CONTEXT);
  const signer = replica.keyAccess.activeKey(CONTEXT, 'ES256').kid;
  around.onClose(async () => {
    await Promise.all([replica.close().catch(() => undefined), proxy.stop()]);
  });
  return { signer, clock, replica, cut: () => proxy.cut(), heal: () => proxy.heal() };
}

async function kidOf(replica: Replica): Promise<string | undefined> {
  try {
    return (await replica.engine.mint(CONTEXT, mintRequest())).kid;
  } catch {
    return undefined;
  }
}

function oneOf<Item>(items: readonly Item[]): Item {
  const [first] = items;
  if (first === undefined) throw new Error('there is none');
  return first;
}
