import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GARBAGE_MODES } from '#devkit/entra-issuer/issuer-knobs.js';
import { describeOnPostgres } from '../support/database.js';
import { until } from '../support/until.js';
import { ExchangeLoad, type Window } from './issuer/exchange.load.js';
import { FaultWorld } from './issuer/fault.world.js';

const MEBIBYTE = 1024 * 1024;
/** On demand seconds, for figures that mean something. */
const PHASE_MS = Number(process.env['COUNTERSIGN_FAULT_PHASE_MS'] ?? 200);

type Windows = Readonly<Record<string, Window>>;

interface Row {
  readonly fault: string;
  readonly before: Windows;
  readonly during: Windows;
  readonly after: Windows;
  readonly recoveryMs: number;
  readonly fetches: number;
  readonly rssDeltaMiB: number;
  readonly p99DeltaMs: number;
}

interface Fault {
  readonly name: string;
  /** Most requests for metadata and keys while it lasts. */
  readonly mostFetches: number;
  /** Makes it happen, and its refreshes due. Runs between two stretches of load. */
  readonly inject: (token: string) => Promise<void>;
}

describe('an identity provider that fails under load', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.start({ kind: 'embedded', directory: null });
  }, 60_000);
  afterAll(() => world.stop());

  /** What is asked all the time: good tokens of both providers, and forged ones. */
  function loadWith(token: string, knownKid: string): ExchangeLoad {
    const forged = [world.forgedToken(knownKid), world.forgedToken()];
    const elsewhere = world.otherToken();
    let turn = 0;
    return new ExchangeLoad({
      known: { every: 1, ask: () => world.exchange(token) },
      other: { every: 5, ask: () => world.exchange(elsewhere) },
      forged: { every: 5, ask: () => world.exchange(forged[(turn += 1) % 2] ?? '') },
    });
  }

  async function run({ name, inject, mostFetches }: Fault): Promise<Row> {
    await world.recover();
    const token = world.token();
    const load = loadWith(token, world.failing.signingKid);
    const before = await load.during(PHASE_MS);
    const rss = process.memoryUsage().rss;
    const fetched = world.fetches();
    await inject(token);
    const during = await load.during(PHASE_MS);
    const fetches = world.fetches() - fetched;
    const rssDeltaMiB = Math.round((process.memoryUsage().rss - rss) / MEBIBYTE);
    const recoveryMs = await world.recover();
    const after = await load.during(PHASE_MS);
    const p99DeltaMs = Math.round((during['known']?.p99Ms ?? 0) - (before['known']?.p99Ms ?? 0));
    const row = { fault: name, before, during, after, recoveryMs, fetches, rssDeltaMiB, p99DeltaMs };
    process.stdout.write(`${JSON.stringify(row)}\n`);
    for (const windows of [before, during, after]) expectGood(windows);
    expect(fetches).toBeLessThanOrEqual(mostFetches);
    return row;
  }

  function expectGood(windows: Windows): void {
    const { known, other, forged } = windows;
    expect(known?.requests).toBeGreaterThan(0);
    expect([known?.errors, other?.errors]).toEqual([{}, {}]);
    // Every single one was refused, whatever the reason.
    const refused = Object.values(forged?.errors ?? {}).reduce((sum, count) => sum + count, 0);
    expect(forged?.requests).toBeGreaterThan(0);
    expect(forged?.requests).toBe(refused);
  }

  it.each(['refused', 'error'] as const)('F1: away (%s)', async (outage) => {
    await run({
      name: `F1 ${outage}`,
      mostFetches: 4,
      inject: async (token) => {
        await world.failing.turn({ outage });
        world.makeRefreshDue();
        await world.exchange(token);
      },
    });
  });

  it.each([
    ['hang', { outage: 'hang' as const }],
    ['drip', { slow: { delayMs: 0, drip: true } }],
    ['slow', { slow: { delayMs: 1_000, drip: false } }],
  ])(
    'F2: slow (%s)',
    async (name, knobs) => {
      await run({
        name: `F2 ${name}`,
        mostFetches: 4,
        inject: async (token) => {
          await world.failing.turn(knobs);
          await world.provokeRefresh(token);
        },
      });
    },
    60_000,
  );

  it('F3: flapping', async () => {
    const cycles = 6;
    await run({
      name: `F3 ${String(cycles)} times off and on`,
      mostFetches: 4 * cycles,
      inject: async (token) => {
        for (let cycle = 0; cycle < cycles; cycle += 1) {
          await world.failing.turn({ outage: 'refused' });
          world.makeRefreshDue();
          expect(await world.exchange(token)).toBe('200');
          await world.failing.turn({ outage: null });
          world.letAttemptsPass();
          expect(await world.exchange(token)).toBe('200');
        }
      },
    });
  });

  it.each(GARBAGE_MODES)('F4: garbage (%s)', async (garbage) => {
    const row = await run({
      name: `F4 ${garbage}`,
      mostFetches: 6,
      inject: async (token) => {
        await world.failing.turn({ garbage });
        await world.provokeRefresh(token);
      },
    });
    expect(row.during['known']?.errors).toEqual({});
  });

  it.each([
    ['at once', false],
    ['published first', true],
  ])('F5: rotation (%s)', async (name, publishFirst) => {
    let old = '';
    let firstSuccessMs = 0;
    const row = await run({
      name: `F5 ${name}`,
      mostFetches: 6,
      inject: async (token) => {
        old = token;
        world.letBucketFill();
        await world.failing.rotateKeys({ publishFirst });
        if (publishFirst) world.failing.activateNewKey();
        const before = world.fetches();
        const began = performance.now();
        expect(await world.exchange(world.token())).toBe('200');
        // One fetch: the discovery document and the keys.
        expect(world.fetches() - before).toBe(2);
        firstSuccessMs = Math.round(performance.now() - began);
      },
    });
    process.stdout.write(`${JSON.stringify({ fault: row.fault, firstSuccessMs })}\n`);
    expect(await world.exchange(old)).toBe('200');
    world.failing.dropOldKeys();
    await world.provokeRefresh(world.token());
    // Most keys of the set went with it, which is believed when it is seen twice.
    await until('the removed key is refused', async () => {
      world.letAttemptsPass();
      return (await world.exchange(old)) === 'TOKEN_KEY_UNKNOWN';
    });
  });

  it.each(['wrong-issuer', 'foreign-jwks-host'] as const)('F6: the metadata changes (%s)', async (garbage) => {
    let moved = '';
    await run({
      name: `F6 ${garbage}`,
      mostFetches: 4,
      inject: async (token) => {
        await world.failing.turn({ garbage });
        await world.failing.rotateKeys({ publishFirst: false });
        moved = world.token();
        await world.provokeRefresh(token);
        expect(await world.exchange(moved)).toBe('ISSUER_KEYS_UNAVAILABLE');
      },
    });
    expect(await world.exchange(moved)).toBe('200');
  });
});

describeOnPostgres('a process that starts while an identity provider is away', (open) => {
  it('F7: serves the others at once, and heals alone', async () => {
    const world = await FaultWorld.start((await open()).settings);
    try {
      await world.failing.turn({ outage: 'refused' });
      const began = performance.now();
      const cold = await world.secondProcess();
      expect(await world.exchange(world.otherToken(), cold)).toBe('200');
      const startedMs = Math.round(performance.now() - began);
      expect(await world.exchange(world.token(), cold)).toBe('ISSUER_KEYS_UNAVAILABLE');
      expect(await world.exchange(world.forgedToken(), cold)).toBe('ISSUER_KEYS_UNAVAILABLE');
      await world.failing.turn({ outage: null });
      world.letAttemptsPass();
      const healed = performance.now();
      await until('it heals alone', async () => (await world.exchange(world.token(), cold)) === '200');
      expect(await world.exchange(world.forgedToken(), cold)).toBe('TOKEN_KEY_UNKNOWN');
      const row = { fault: 'F7 cold start', startedMs, recoveryMs: Math.round(performance.now() - healed) };
      process.stdout.write(`${JSON.stringify(row)}\n`);
    } finally {
      await world.stop();
    }
  }, 60_000);
});
