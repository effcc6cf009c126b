import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import type { KeyringStatus } from '#managers/keyring/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { createPostgresDatabase } from '../../support/database-templates.js';
import { CONTEXT, openReplica, type Replica } from './replica.js';
import { ReplicaProcess } from './replica.process.js';
import { SimulatedTime } from './simulated-time.js';

const STARTS_AT = Date.UTC(2030, 0, 1);
const HOUR_MS = 3_600_000;

export interface ProcessWorldOptions {
  /** Time that stands still until told, in the database and in every process; otherwise the clocks of the machine. */
  readonly simulated: boolean;
  readonly keys?: Readonly<Record<string, unknown>>;
}

/** A database, a replica in this process, and as many in processes of their own as a test wants. */
export class ProcessWorld {
  now = STARTS_AT;
  private readonly processes: ReplicaProcess[] = [];
  private readonly endings: (() => Promise<void>)[] = [];

  private constructor(
    readonly url: string,
    /** The replica in this process: it looks, and finishes what the others left. */
    readonly own: Replica,
    private readonly parts: {
      readonly folder: string;
      readonly drop: () => Promise<void>;
      readonly time: SimulatedTime | undefined;
      readonly clock: ManualClock | undefined;
      readonly keys: Readonly<Record<string, unknown>>;
    },
  ) {}

  static async open({ simulated, keys = {} }: ProcessWorldOptions): Promise<ProcessWorld> {
    const { url, drop } = await createPostgresDatabase(simulated ? 'empty' : 'migrated');
    const folder = mkdtempSync(join(tmpdir(), 'countersign-replicas-'));
    const keyEncryptionKeyFile = join(folder, 'kek');
    createKeyEncryptionKeyFile(keyEncryptionKeyFile);
    const time = simulated ? await SimulatedTime.install(url, STARTS_AT) : undefined;
    const clock = simulated ? new ManualClock(STARTS_AT) : undefined;
    const own = await openReplica({ url, keyEncryptionKeyFile, keys, clock: clock ?? new SystemClock(), migrate: simulated });
    await own.manager.prepare(CONTEXT);
    return new ProcessWorld(url, own, { folder, drop, time, clock, keys });
  }

  get keyEncryptionKeyFile(): string {
    return join(this.parts.folder, 'kek');
  }

  async start(): Promise<ReplicaProcess> {
    const { clock, keys } = this.parts;
    const startsAt = clock === undefined ? null : this.now;
    const process = await ReplicaProcess.start({
      url: this.url,
      keyEncryptionKeyFile: this.keyEncryptionKeyFile,
      keys,
      startsAt,
    });
    this.processes.push(process);
    return process;
  }

  /** Moves every clock forward, and lets everybody poll. */
  async to(at: number): Promise<void> {
    const { time, clock } = this.parts;
    if (at > this.now) {
      clock?.advance(at - this.now);
      this.now = at;
      await time?.set(at);
    }
    await this.own.poll();
    await Promise.all(
      this.processes.map(async (each) => {
        await each.tell({ do: 'to', at: this.now });
        await each.tell({ do: 'poll' });
      }),
    );
  }

  /** To the moment at which the next planned step is due; answers its kind. */
  async toNextStep(): Promise<string> {
    const [next] = (await this.status()).next;
    if (next === undefined) throw new Error('no step is planned');
    await this.to(Math.max(this.now, next.dueAt));
    return next.kind;
  }

  /** Far enough for any lease to have run out, and near enough for no other step to be due. */
  async letLeasesRunOut(): Promise<void> {
    await this.to(this.now + HOUR_MS);
  }

  status(): Promise<KeyringStatus> {
    return this.own.manager.status(CONTEXT);
  }

  /** Is done before the database goes. */
  onClose(ending: () => Promise<void>): void {
    this.endings.push(ending);
  }

  async close(): Promise<void> {
    for (const ending of this.endings) await ending();
    await Promise.all(this.processes.map((each) => each.end()));
    await this.own.close();
    await this.parts.time?.close();
    rmSync(this.parts.folder, { recursive: true });
    await this.parts.drop();
  }
}
