import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import type { PublishedKey } from '#accessors/key/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { deaf } from '../faults/keys/deaf.database.js';
import { mintRequest } from '../faults/keys/mint-request.js';
import { CONTEXT, openReplica, type Replica } from '../faults/keys/replica.js';
import { SimulatedTime } from '../faults/keys/simulated-time.js';
import { patient } from './patient.database.js';

export interface WorldOptions {
  /** An empty database. */
  readonly url: string;
  /** `keys.rotation` of the settings file. */
  readonly rotation: Readonly<Record<string, number>>;
  /** For each replica, how far its clock is ahead of true time, milliseconds. */
  readonly clocksAheadBy: readonly number[];
}

/** A process of the service, on a clock that may be wrong. */
export interface SoakReplica extends Replica {
  readonly clock: ManualClock;
  /** True time at which it last read the keyring. */
  knownAt: number;
}

const STARTS_AT = Date.UTC(2030, 0, 1);

/** Several replicas on one database, in a time that moves only when told to. */
export class RotationWorld {
  /** True time, Unix milliseconds. */
  now = STARTS_AT;
  /** How far the clock of the database is ahead of true time. */
  databaseAheadBy = 0;

  private constructor(
    readonly replicas: readonly SoakReplica[],
    private readonly time: SimulatedTime,
    private readonly folder: string,
  ) {}

  static async open({ url, rotation, clocksAheadBy }: WorldOptions): Promise<RotationWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-soak-'));
    const keyEncryptionKeyFile = join(folder, 'key-encryption-key');
    createKeyEncryptionKeyFile(keyEncryptionKeyFile);
    const time = await SimulatedTime.install(url, STARTS_AT);
    const replicas: SoakReplica[] = [];
    const world = new RotationWorld(replicas, time, folder);
    try {
      for (const ahead of clocksAheadBy) {
        const clock = new ManualClock(STARTS_AT + ahead);
        const migrate = replicas.length === 0;
        // What one announces, the others learn when the test says so.
        const around = (database: OpenDatabase): OpenDatabase => deaf(patient(database));
        const replica = await openReplica({ url, keyEncryptionKeyFile, clock, keys: { rotation }, migrate, around });
        replicas.push(Object.assign(replica, { clock, knownAt: STARTS_AT }));
        await replica.manager.prepare(CONTEXT);
      }
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** Moves true time forward, and with it every clock there is. */
  async to(at: number): Promise<void> {
    if (at < this.now) throw new Error('time does not go back');
    for (const { clock } of this.replicas) clock.advance(at - this.now);
    this.now = at;
    await this.time.set(at + this.databaseAheadBy);
  }

  /** Sets the clock of the database, as a failover to another machine may. */
  async databaseGoesAheadBy(milliseconds: number): Promise<void> {
    this.databaseAheadBy = milliseconds;
    await this.time.set(this.now + milliseconds);
  }

  /** A replica learns what the database has: the notification, or the poll behind it. */
  async learn(replica: SoakReplica): Promise<void> {
    await replica.poll();
    replica.knownAt = this.now;
  }

  async mint(replica: SoakReplica): Promise<string> {
    return (await replica.engine.mint(CONTEXT, mintRequest())).token;
  }

  published(replica: SoakReplica): Promise<readonly PublishedKey[]> {
    return replica.manager.publishedKeys(CONTEXT);
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
    await this.time.close();
    rmSync(this.folder, { recursive: true });
  }
}
