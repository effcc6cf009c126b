import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Host } from '#clients/host.js';
import { describeOnPostgres } from '../../support/database.js';
import { ChangingWorld, type Refusals } from './changing-world.js';

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

describeOnPostgres('CVE-2026-1486, CVE-2026-1609: what is taken away is refused by exchange and check', (open) => {
  let world: ChangingWorld;
  beforeAll(async () => {
    world = await ChangingWorld.open((await open()).settings);
    await world.settle(['disabled', 'revoked', 'unmapped', 'untouched']);
  }, 120_000);
  afterAll(() => world.close());

  it('on three replicas within 2 s: an operator', async () => {
    const admission = await world.appointOperator();
    expect(await Promise.all(world.replicas.map(admission))).toEqual(['let in', 'let in', 'let in']);
    await world.revokeOperator();
    await expectWithin(ANNOUNCED_MS, world.replicas, admission, 'OPERATOR_NOT_PERMITTED');
  });

  it.each<[string, string, Refusals, () => Promise<void>]>([
    ['a subject', 'disabled', DISABLED, () => world.disableSubject('disabled')],
    ['an assignment', 'revoked', WITHOUT_ROLE, () => world.revokeRole('revoked')],
    ['a role of the policy', 'unmapped', WITHOUT_ROLE, () => world.activatePolicyWithout('unmapped')],
    ['an issuer', 'untouched', WITHOUT_ISSUER, () => world.disableIssuer()],
    ['a client', 'untouched', WITHOUT_CLIENT, () => world.disableClient()],
  ])('on three replicas within 2 s: %s', async (_what, key, refusals, change) => {
    await change();
    await expectWithin(ANNOUNCED_MS, world.replicas, (replica) => world.refusals(replica, key), refusals);
  });
});

describeOnPostgres('Replicas that hear nothing', (open) => {
  let world: ChangingWorld;
  beforeAll(async () => {
    world = await ChangingWorld.openDeaf((await open()).settings);
    await world.settle(['disabled', 'revoked', 'unmapped', 'untouched']);
  }, 120_000);
  afterAll(() => world.close());

  it('really hear nothing', () => {
    expect(world.isDeaf).toBe(true);
  });

  it('refuse within 30 s by asking: a subject, an assignment, a role of the policy', async () => {
    await world.disableSubject('disabled');
    await world.revokeRole('revoked');
    await world.activatePolicyWithout('unmapped');
    const until = performance.now() + POLLED_MS;
    for (const [key, refusals] of [
      ['disabled', DISABLED],
      ['revoked', WITHOUT_ROLE],
      ['unmapped', WITHOUT_ROLE],
    ] as const) {
      await expectWithin(until - performance.now(), world.replicas, (replica) => world.refusals(replica, key), refusals);
    }
  }, 60_000);

  it('refuse within 30 s by asking: an issuer', async () => {
    await world.disableIssuer();
    await expectWithin(POLLED_MS, world.replicas, (replica) => world.refusals(replica, 'untouched'), WITHOUT_ISSUER);
  }, 60_000);

  it('refuse within 30 s by asking: a client', async () => {
    await world.disableClient();
    await expectWithin(POLLED_MS, world.replicas, (replica) => world.refusals(replica, 'untouched'), WITHOUT_CLIENT);
  }, 60_000);
});

async function expectWithin<Answer>(
  milliseconds: number,
  replicas: readonly Host[],
  ask: (replica: Host) => Promise<Answer>,
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
