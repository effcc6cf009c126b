import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnPostgres } from '../../support/database.js';
import { ChangingWorld, type Newcomer, type Place, type Refusals } from './changing-world.js';

/** How long after a change was made the last replica refuses: promised, so it may be asserted. */
const ANNOUNCED_MS = 2_000;
const POLLED_MS = 30_000;

const DISABLED: Refusals = { exchange: 'SUBJECT_DISABLED', checkByToken: 'subject_disabled', checkByKey: 'subject_disabled' };
const WITHOUT_ROLE: Refusals = { exchange: 'PERMISSION_NONE', checkByToken: 'no_grant', checkByKey: 'no_grant' };
const WITHOUT_CLIENT: Refusals = {
  exchange: 'CLIENT_UNAUTHENTICATED',
  checkByToken: 'CLIENT_UNAUTHENTICATED',
  checkByKey: 'CLIENT_UNAUTHENTICATED',
};
/** What is stored of a subject does not come by an issuer, so it stays as it is. */
const WITHOUT_ISSUER: Refusals = { exchange: 'ISSUER_UNTRUSTED', checkByToken: 'CHECK_TOKEN_INVALID', checkByKey: 'granted' };

/** What is taken away while announcements are heard, and once they are not: each from somebody of its own. */
const NEWCOMERS: readonly Newcomer[] = ['announced', 'polled'].flatMap((when) => [
  { key: `${when}-disabled` },
  { key: `${when}-revoked` },
  { key: `${when}-unmapped` },
  { key: `${when}-issued`, issuer: `${when}-issuer` },
  { key: `${when}-presented`, client: `${when}-client` },
]);

const CHANGES: readonly (readonly [string, string, Refusals, (world: ChangingWorld, when: string) => Promise<void>])[] = [
  ['a subject', 'disabled', DISABLED, (world, when) => world.disableSubject(`${when}-disabled`)],
  ['an assignment', 'revoked', WITHOUT_ROLE, (world, when) => world.revokeRole(`${when}-revoked`)],
  ['a role of the policy', 'unmapped', WITHOUT_ROLE, (world, when) => world.activatePolicyWithout(`${when}-unmapped`)],
  ['an issuer', 'issued', WITHOUT_ISSUER, (world, when) => world.disableIssuer(`${when}-issuer`)],
  ['a client', 'presented', WITHOUT_CLIENT, (world, when) => world.disableClient(`${when}-client`)],
];

describeOnPostgres('CVE-2026-1486, CVE-2026-1609: what is taken away is refused by exchange and check', (open) => {
  let world: ChangingWorld;
  beforeAll(async () => {
    world = await ChangingWorld.open((await open()).settings, NEWCOMERS);
  }, 120_000);
  afterAll(() => world.close());

  const expectRefusals = (milliseconds: number, key: string, refusals: Refusals): Promise<void> =>
    expectWithin(milliseconds, world.replicas, (replica) => world.refusals(replica, key), refusals);

  it('by three processes, which all listen', () => {
    expect(new Set(world.pids).size).toBe(3);
    expect(world.isHearing).toBe(true);
  });

  it('on three replicas within 2 s: an operator', async () => {
    const admission = await world.appointOperator();
    expect(await Promise.all(world.replicas.map(admission))).toEqual(['let in', 'let in', 'let in']);
    await world.revokeOperator();
    await expectWithin(ANNOUNCED_MS, world.replicas, admission, 'OPERATOR_NOT_PERMITTED');
  });

  it.each(CHANGES)('on three replicas within 2 s: %s', async (_what, about, refusals, change) => {
    await change(world, 'announced');
    await expectRefusals(ANNOUNCED_MS, `announced-${about}`, refusals);
  });

  it('on three replicas within 30 s, where announcements are not heard: any of these', async () => {
    world.deafen();
    for (const [, , , change] of CHANGES) await change(world, 'polled');
    const until = performance.now() + POLLED_MS;
    expect(world.isDeaf).toBe(true);
    await Promise.all(
      CHANGES.map(([, about, refusals]) => expectRefusals(until - performance.now(), `polled-${about}`, refusals)),
    );
    expect(world.isDeaf).toBe(true);
  }, 60_000);
});

async function expectWithin<Answer>(
  milliseconds: number,
  replicas: readonly Place[],
  ask: (replica: Place) => Promise<Answer>,
  expected: Answer,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  await Promise.all(
    replicas.map(async (replica) => {
      for (;;) {
        const askedAt = performance.now();
        const answer = await ask(replica);
        // An answer to a question that was asked in time counts, however long this machine took for it.
        if (JSON.stringify(answer) === JSON.stringify(expected) || askedAt > deadline) {
          expect(answer).toEqual(expected);
          return;
        }
        await delay(50);
      }
    }),
  );
}
