import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnPostgres } from '../../support/database.js';
import { ProcessWorld } from './process-world.js';
import { RingObserver } from './ring-observer.js';
import type { CommandAnswer, Instruction, ReplicaProcess } from './replica.process.js';

/** `COUNTERSIGN_RACE_ROUNDS=1000` for the long run. */
const ROUNDS = Number(process.env['COUNTERSIGN_RACE_ROUNDS'] ?? 20);
const MOST_REPLICAS = 8;

describeOnPostgres('2 to 8 replicas that rotate at the same moment', () => {
  let world: ProcessWorld;
  let replicas: ReplicaProcess[];

  beforeAll(async () => {
    world = await ProcessWorld.open({ simulated: true });
    replicas = await Promise.all(Array.from({ length: MOST_REPLICAS }, () => world.start()));
  }, 60_000);
  afterAll(() => world.close());

  it(
    `make one new key, in each of ${String(ROUNDS)} rounds, and one key signs at any time`,
    async () => {
      const observer = await RingObserver.start(world.url);
      const errors = new Set<string>();
      let keysMade = 0;
      try {
        for (let round = 0; round < ROUNDS; round += 1) {
          const racing = replicas.slice(0, 2 + (round % (MOST_REPLICAS - 1)));
          keysMade += await makeTogether(racing, round % 2 === 0 ? { do: 'rotate' } : { do: 'advance' }, errors);
          await activateTogether(racing, errors);
        }
      } finally {
        await observer.stop();
      }
      const states = await Promise.all(replicas.map((each) => each.state()));
      const watched = states.reduce((sum, each) => sum + each.observations, 0);
      expect(keysMade).toBe(ROUNDS);
      expect([...errors].filter((error) => error !== 'KEYRING_CHANGED')).toEqual([]);
      expect(observer.violations).toEqual([]);
      expect(observer.observations).toBeGreaterThan(ROUNDS);
      expect(states.map((each) => each.signerMissing)).toEqual(replicas.map(() => 0));
      console.log(
        JSON.stringify({
          rounds: ROUNDS,
          keysMade,
          duplicateKeys: 0,
          ringObservations: observer.observations,
          jwksObservations: watched,
        }),
      );
    },
    60_000 + ROUNDS * 3_000,
  );

  /** The next key: asked for by an operator at every replica, or due by the plan. */
  async function makeTogether(racing: readonly ReplicaProcess[], how: Instruction, errors: Set<string>): Promise<number> {
    const before = (await world.status()).keys.length;
    if (how.do === 'advance') await untilDue(['stage', 'publish']);
    await together(racing, how, errors);
    await world.letLeasesRunOut();
    const status = await world.status();
    expect(status.keys.filter(({ state }) => state === 'published')).toHaveLength(1);
    return status.keys.length - before;
  }

  async function activateTogether(racing: readonly ReplicaProcess[], errors: Set<string>): Promise<void> {
    const { epoch, keys } = await world.status();
    const next = keys.find(({ state }) => state === 'published');
    await untilDue(['activate']);
    await together(racing, { do: 'advance' }, errors);
    await world.letLeasesRunOut();
    const after = await world.status();
    expect(after.keys.filter(({ state }) => state === 'active').map(({ kid }) => kid)).toEqual([next?.kid]);
    expect(after.epoch).toBe(epoch + 1);
    await expectEveryJwksToHaveEverySigner();
  }

  /** Takes what comes before. */
  async function untilDue(kinds: readonly string[]): Promise<void> {
    while (!kinds.includes(await world.toNextStep())) {
      await replicas[0]?.ask({ do: 'advance' });
      await world.letLeasesRunOut();
    }
  }

  async function expectEveryJwksToHaveEverySigner(): Promise<void> {
    const states = await Promise.all(replicas.map((each) => each.state()));
    for (const { signer } of states) {
      for (const { published } of states) expect(published).toContain(signer);
    }
  }
});

/** All are told before any has answered. */
async function together(racing: readonly ReplicaProcess[], instruction: Instruction, errors: Set<string>): Promise<void> {
  const answers: CommandAnswer[] = await Promise.all(racing.map((each) => each.tell(instruction)));
  expect(answers.some((answer) => 'value' in answer)).toBe(true);
  for (const answer of answers) if ('error' in answer) errors.add(answer.error);
}
