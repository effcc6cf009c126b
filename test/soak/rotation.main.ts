import { startPrivateCluster } from '#devkit/postgres/private-cluster.js';
import { openBenchDatabase } from '../../bench/world/bench.database.js';
import { seeded } from './random.js';
import { HELP, readSoakOptions, type SoakOptions } from './rotation.options.js';
import { RotationSoak } from './rotation.soak.js';
import { RotationWorld } from './rotation.world.js';
import { VERIFIER_CLASSES } from './verifier-classes.js';
import { firstTokenOfANewKey, lastTokenOfAnOldKey, type Worse } from './worst-case.js';
import type { Verdict } from './verifier.js';

const HALF_SKEW_MS = 30_000;
/** Moments that are looked at in one rotation, about; what is missing is issued at the end. */
const MOMENTS_OF_A_ROTATION = 38;
const REPLICAS = 3;

/** What the worst case is measured against, all times in seconds. */
const ASSUMED = {
  jwksMaxAgeSeconds: 300,
  jwksStaleIfErrorSeconds: 3600,
  verifierCacheSeconds: 43_200,
  propagationSeconds: 300,
  skewSeconds: 60,
  leewaySeconds: 300,
  maxTokenSeconds: 600,
} as const;
/** The shortest times that are safe. */
const LEAST = {
  ...ASSUMED,
  prePublishSeconds: 43_200 + 300 + 3600 + 300 + 60,
  retireAfterSeconds: 600 + 300 + 60 + 300,
  periodSeconds: 47_460 + 1_260,
} as const;

const WORSE: readonly (readonly [string, typeof firstTokenOfANewKey, Worse])[] = [
  ['a new key, caches 1 s longer', firstTokenOfANewKey, { verifierCacheSeconds: 1 }],
  ['a new key, propagation 1 s longer', firstTokenOfANewKey, { propagationSeconds: 1 }],
  ['a new key, clock 1 s further ahead', firstTokenOfANewKey, { skewSeconds: 1 }],
  ['an old key, clock 1 s further ahead', lastTokenOfAnOldKey, { skewSeconds: 1 }],
  ['an old key, leeway 1 s longer', lastTokenOfAnOldKey, { leewaySeconds: 1 }],
];

const cluster = process.env['DATABASE_URL'] === undefined ? await startPrivateCluster() : undefined;
try {
  process.exitCode = await main(process.argv.slice(2));
} finally {
  await cluster?.stop();
}

async function main(commandArguments: readonly string[]): Promise<number> {
  const options = readSoakOptions(commandArguments);
  if (options.help) {
    say(HELP);
    return 0;
  }
  const began = performance.now();
  const soak = await soakFor(options);
  const worst = await worstCases();
  const total = Object.values(soak.tallies).reduce(
    (sum, { verifications, failed }) => ({ verifications: sum.verifications + verifications, failed: sum.failed + failed }),
    { verifications: 0, failed: 0 },
  );
  const result = {
    rotations: soak.rotations,
    replicas: REPLICAS,
    simulatedDays: soak.days,
    verifications: total.verifications,
    failedVerifications: total.failed,
    ...worst,
    classes: soak.tallies,
    seed: options.seed,
    seconds: Math.round((performance.now() - began) / 1000),
    node: process.version,
  };
  say(JSON.stringify(result));
  return total.failed === 0 && worst.worstCaseFailed === 0 && worst.negativeFailed ? 0 : 1;
}

async function soakFor(options: SoakOptions): Promise<Pick<RotationSoak, 'rotations' | 'tallies'> & { readonly days: number }> {
  const random = seeded(options.seed);
  return onWorld({}, [0, HALF_SKEW_MS, -HALF_SKEW_MS], async (world) => {
    const from = world.now;
    const tokensEach = Math.max(1, Math.ceil(options.verifications / options.rotations / MOMENTS_OF_A_ROTATION / REPLICAS));
    const soak = new RotationSoak({
      world,
      classes: VERIFIER_CLASSES,
      random,
      tokensEach,
      pollSeconds: 240,
      edgeKeepSeconds: 3900,
    });
    const enough = (): boolean =>
      soak.rotations >= options.rotations &&
      VERIFIER_CLASSES.every(({ name }) => (soak.tallies[name]?.verifications ?? 0) >= options.verifications);
    for (let reported = 0; !enough();) {
      await soak.step();
      if (soak.rotations < reported + 10) continue;
      reported = soak.rotations;
      say(`${String(reported)} rotations, ${JSON.stringify(soak.tallies)}`);
    }
    for (const [what, times] of soak.failures) say(`failed: ${what}, ${String(times)} times`);
    return {
      rotations: soak.rotations,
      tallies: soak.tallies,
      days: Math.round((world.now - from) / 86_400_000),
    };
  });
}

interface WorstCases {
  /** Verifications that failed at exactly the least times; none may. */
  readonly worstCaseFailed: number;
  /** Whether each second beyond made one fail, which shows that the soak would see it. */
  readonly negativeFailed: boolean;
  /** Whether the settings one second short are refused. */
  readonly refusedAtApply: boolean;
}

async function worstCases(): Promise<WorstCases> {
  const asAssumed = [await pinned(firstTokenOfANewKey, {}), await pinned(lastTokenOfAnOldKey, {})];
  say(`at the least safe times: ${asAssumed.join(', ')}`);
  const beyond: Verdict[] = [];
  for (const [what, scenario, worse] of WORSE) {
    const verdict = await pinned(scenario, worse);
    say(`${what}: ${verdict}`);
    beyond.push(verdict);
  }
  return {
    worstCaseFailed: asAssumed.filter((verdict) => verdict !== 'accepted').length,
    negativeFailed: beyond.every((verdict) => verdict !== 'accepted'),
    refusedAtApply:
      (await isRefused({ prePublishSeconds: LEAST.prePublishSeconds - 1 })) &&
      (await isRefused({ retireAfterSeconds: LEAST.retireAfterSeconds - 1 })),
  };
}

function pinned(scenario: typeof firstTokenOfANewKey, worse: Worse): Promise<Verdict> {
  const ahead = scenario === lastTokenOfAnOldKey ? (LEAST.skewSeconds + (worse.skewSeconds ?? 0)) * 1000 : 0;
  return onWorld(LEAST, [ahead, 0], (world) => scenario(world, { algorithms: ['ES256'], ...LEAST }, worse));
}

async function isRefused(change: Readonly<Record<string, number>>): Promise<boolean> {
  try {
    await onWorld({ ...LEAST, ...change }, [0], () => Promise.resolve());
    return false;
  } catch (error) {
    const refused = error instanceof Error && 'code' in error && error.code === 'CONFIG_INVALID';
    if (!refused) throw error;
    return true;
  }
}

async function onWorld<Result>(
  rotation: Readonly<Record<string, number>>,
  clocksAheadBy: readonly number[],
  work: (world: RotationWorld) => Promise<Result>,
): Promise<Result> {
  const database = await openBenchDatabase(process.env['DATABASE_URL'] ?? cluster?.url);
  if (database === undefined)
    throw new Error('it needs PostgreSQL 15 or later: set DATABASE_URL, or install the server binaries');
  try {
    const world = await RotationWorld.open({ url: database.url, rotation, clocksAheadBy });
    try {
      return await work(world);
    } finally {
      await world.close();
    }
  } finally {
    await database.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
