import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { KeyringStatus } from '#managers/keyring/contract.js';
import { describeOnPostgres } from '../../support/database.js';
import { ProcessWorld } from './process-world.js';
import { CONTEXT as context } from './replica.js';
import type { Instruction, KillPoint, ReplicaProcess } from './replica.process.js';
import { RingObserver } from './ring-observer.js';

/** Two are one in each kind of change that is due in turns. `COUNTERSIGN_KILLS_PER_STEP=50` for the long run. */
const KILLS = Number(process.env['COUNTERSIGN_KILLS_PER_STEP'] ?? 2);

/** Places in the course of a change; the process is killed at the first step that fits. */
const KILL_POINTS: readonly (KillPoint & { readonly name: string })[] = [
  { name: 'before the lease is taken', kind: 'statement', moment: 'before', words: 'insert into work_lease' },
  { name: 'after the lease is taken', kind: 'statement', moment: 'after', words: 'insert into work_lease' },
  { name: 'after the epoch is counted up', kind: 'statement', moment: 'after', words: 'update keyring_epoch' },
  { name: 'after the lease is checked', kind: 'statement', moment: 'after', words: 'from work_lease' },
  { name: 'before a key changes', kind: 'statement', moment: 'before', words: '(insert into|update) signing_key' },
  { name: 'after a key changed', kind: 'statement', moment: 'after', words: '(insert into|update) signing_key' },
  { name: 'before the record is written', kind: 'statement', moment: 'before', words: 'audit' },
  { name: 'before the commit', kind: 'commit', moment: 'before', words: '' },
  { name: 'after the commit', kind: 'commit', moment: 'after', words: '' },
  { name: 'before the announcement', kind: 'announcement', moment: 'before', words: '' },
  { name: 'after the announcement', kind: 'announcement', moment: 'after', words: '' },
];

describeOnPostgres('a replica that is killed in the middle of a change of the keyring', () => {
  let world: ProcessWorld;
  let observer: RingObserver;
  let spare: Promise<ReplicaProcess>;
  const missed = new Map<string, number>();
  let kills = 0;

  beforeAll(async () => {
    world = await ProcessWorld.open({ simulated: true });
    observer = await RingObserver.start(world.url);
    spare = world.start();
  }, 60_000);
  afterAll(async () => {
    await observer.stop();
    await (await spare).end();
    await world.close();
  });

  it.each(KILL_POINTS)(
    '$name',
    async (point) => {
      for (let each = 0; each < KILLS; each += 1) {
        // Making and publishing a key, and activating it, in turns: whatever is due.
        await world.toNextStep();
        const before = await world.status();
        const killed = await killAt(point, { do: 'advance' });
        if (!killed) missed.set(point.name, (missed.get(point.name) ?? 0) + 1);
        expectOneSigner(await world.status());
        await world.letLeasesRunOut();
        await finish(before);
      }
      expect(missed.get(point.name) ?? 0).toBeLessThan(KILLS);
    },
    60_000 + KILLS * 5_000,
  );

  it('leaves no key revoked in part when it was killed while revoking', async () => {
    for (const point of KILL_POINTS.filter(({ name }) => !name.includes('lease'))) {
      const before = await world.status();
      const signer = before.keys.find(({ state }) => state === 'active');
      await killAt(point, { do: 'revoke', kid: signer?.kid ?? '' });
      const after = await world.status();
      expectOneSigner(after);
      const state = after.keys.find(({ kid }) => kid === signer?.kid)?.state;
      expect(['active', 'revoked']).toContain(state);
      if (state === 'active')
        await world.own.emergency.revoke(context, { kid: signer?.kid ?? '', reason: 'test', validateOnly: false });
      await world.letLeasesRunOut();
      await expectOwnJwksToHaveTheSigner();
    }
  }, 120_000);

  it('was never seen with another number of active keys than one', () => {
    expect(observer.violations).toEqual([]);
    console.log(
      JSON.stringify({ killPoints: KILL_POINTS.length, killsPerStep: KILLS, kills, ringObservations: observer.observations }),
    );
  });

  /** Answers whether the process came to that point; one that did not has done its work and lives on. */
  async function killAt(point: KillPoint, instruction: Instruction): Promise<boolean> {
    const victim = await spare;
    spare = world.start();
    await victim.ask({ do: 'to', at: world.now });
    await victim.ask({ do: 'poll' });
    await victim.ask({ do: 'arm', at: point });
    const answer = await victim.tell(instruction);
    const killed = 'error' in answer && answer.error === 'ended by SIGKILL';
    if (killed) kills += 1;
    else await victim.end();
    return killed;
  }

  /** Whatever was left undone, the next one does it. */
  async function finish(before: KeyringStatus): Promise<void> {
    for (let tries = 0; tries < 5; tries += 1) {
      const { held, done } = await world.own.manager.advance(context);
      expect(held).toBe(true);
      if (done.length === 0) break;
    }
    const after = await world.status();
    expectOneSigner(after);
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(after.keys.filter(({ state }) => state === 'pending' || state === 'published').length).toBeLessThanOrEqual(1);
    await expectOwnJwksToHaveTheSigner();
  }

  async function expectOwnJwksToHaveTheSigner(): Promise<void> {
    await world.own.poll();
    const { kid } = world.own.keyAccess.activeKey(context, 'ES256');
    expect((await world.own.manager.publishedKeys(context)).map((key) => key.kid)).toContain(kid);
  }
});

function expectOneSigner({ keys }: KeyringStatus): void {
  expect(keys.filter(({ state }) => state === 'active')).toHaveLength(1);
}
