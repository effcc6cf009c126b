import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TcpBalancer } from '#devkit/balancer/tcp-balancer.js';
import { describeOnPostgres } from '../../support/database.js';
import { startService, type TestService } from '../../support/service.js';
import { until } from '../../support/until.js';
import { Load } from './load.js';
import { Replica } from './replica.js';

/** How often a replica is told to end. A round costs two processes, and seconds. */
const ROUNDS = Number(process.env['SHUTDOWN_ROUNDS'] ?? 1);
/** Balancers ask every few seconds and replicas wait for that longer; here both are quicker. */
const POLL_MS = 100;
const DRAIN_SECONDS = 1;
/** After the drain: what is in flight, and the end of everything. */
const MOST_SECONDS = DRAIN_SECONDS + 15;

describeOnPostgres('SIGTERM under load, two replicas behind balancers that ask whether they are ready', (open) => {
  let service: TestService;
  let replicas: Replica[] = [];
  let [http, grpc]: [TcpBalancer | undefined, TcpBalancer | undefined] = [undefined, undefined];

  const add = async (): Promise<void> => {
    const { settings } = service;
    const own = {
      ...settings,
      http: { ...settings.http, port: 0 },
      grpc: { ...settings.grpc, port: 0 },
      drainSeconds: DRAIN_SECONDS,
    };
    const replica = await Replica.start(own);
    replicas = [...replicas, replica];
    await Promise.all([http?.set(replicas.map((one) => one.http)), grpc?.set(replicas.map((one) => one.grpc))]);
    expect([http?.serves(replica.http), grpc?.serves(replica.grpc)]).toEqual([true, true]);
  };

  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    [http, grpc] = await Promise.all([TcpBalancer.start(POLL_MS), TcpBalancer.start(POLL_MS)]);
    await add();
    await add();
  }, 120_000);
  afterAll(async () => {
    for (const replica of replicas) replica.kill();
    await Promise.all([http?.stop(), grpc?.stop()]);
    await service.stop();
  });

  it(
    `fails no request of ${String(ROUNDS)} rounds`,
    async () => {
      const load = new Load(service, { http: http?.port ?? 0, grpc: grpc?.port ?? 0 });
      load.start();
      for (let round = 0; round < ROUNDS; round += 1) {
        const [oldest] = replicas;
        if (oldest === undefined) throw new Error('there are two');
        await until('every kind of caller is at work', () => load.isMoving());
        const { code, seconds } = await oldest.terminate();
        expect(code).toBe(0);
        expect(seconds).toBeLessThan(MOST_SECONDS);
        replicas = replicas.filter((one) => one !== oldest);
        await until('every kind of caller is at work', () => load.isMoving());
        await add();
      }
      await load.stop();
      console.log(`shutdown: ${String(ROUNDS)} rounds, ${JSON.stringify(load.counts)}, failed ${String(load.failures.length)}`);
      expect(load.failures).toEqual([]);
      expect([http?.unserved, grpc?.unserved]).toEqual([0, 0]);
      expect(load.watchesBegun).toBeGreaterThanOrEqual(ROUNDS / 2);
    },
    60_000 + ROUNDS * 30_000,
  );
});
