import { LRUCache } from 'lru-cache';
import type { UnitOfWorkProbe, Waiters } from '#utilities/database/contract.js';
import type { ChangeFeed, Dated, EpochCache, EpochCaches } from './contract.js';
import { SharedWaiter } from './shared.waiter.js';

/** Epochs that nobody could confirm for longer than this are not trusted; the database is asked instead. */
const TRUSTED_FOR_MS = 5 * 60_000;

export interface MemoryEpochCachesDeps {
  readonly changeFeed: ChangeFeed;
  readonly units: UnitOfWorkProbe;
  /** Left out: every read runs to its end. */
  readonly waiters?: Waiters;
}

interface Bounds {
  readonly values: number;
  readonly absent: number;
}

interface Kept<Value> {
  readonly epoch: number;
  readonly value: Value;
}

type Read<Value> = (outdated: Value | undefined) => Promise<Dated<Value>>;

interface Flight<Value> {
  readonly epoch: number;
  readonly value: Promise<Value | undefined>;
  readonly waiter: SharedWaiter;
}

export class MemoryEpochCaches implements EpochCaches {
  constructor(private readonly deps: MemoryEpochCachesDeps) {}

  create<Value>(bounds: Bounds): EpochCache<Value> {
    return new MemoryEpochCache<Value>(this.deps, bounds);
  }
}

class MemoryEpochCache<Value> implements EpochCache<Value> {
  private readonly values: LRUCache<string, Kept<Value>>;
  private readonly absent: LRUCache<string, number>;
  private readonly flights = new Map<string, Flight<Value>>();

  private readonly feed: ChangeFeed;

  constructor(
    private readonly deps: MemoryEpochCachesDeps,
    bounds: Bounds,
  ) {
    this.feed = deps.changeFeed;
    this.values = new LRUCache({ max: bounds.values });
    this.absent = new LRUCache({ max: bounds.absent });
  }

  peek(topic: string, key: string): Value | undefined {
    const kept = this.values.get(key);
    if (kept === undefined || kept.epoch < this.feed.epochOf(topic)) return undefined;
    return this.isConfirmed() && !this.deps.units.isInsideUnit() ? kept.value : undefined;
  }

  get(topic: string, key: string, read: Read<Value>): Promise<Value | undefined> {
    const value = this.peek(topic, key);
    if (value !== undefined) return Promise.resolve(value);
    // SECURITY: kept data would outlive a roll-back, under an epoch that the next commit uses again.
    if (this.deps.units.isInsideUnit()) return read(undefined).then((dated) => dated.value);
    const absentAt = this.absent.get(key);
    if (absentAt !== undefined && absentAt >= this.feed.epochOf(topic) && this.isConfirmed()) return Promise.resolve(undefined);
    return this.share(topic, key, read);
  }

  /**
   * INVARIANT: a caller never gets the answer of a read that began before a change that was known when it called, and a read goes on
   * for as long as one of those waits who share it.
   */
  private share(topic: string, key: string, read: Read<Value>): Promise<Value | undefined> {
    const { waiters } = this.deps;
    const epoch = this.feed.epochOf(topic);
    const under = this.flights.get(key);
    if (under?.epoch === epoch && !under.waiter.isGone) {
      under.waiter.join(waiters?.waiter());
      return under.value;
    }
    const waiter = new SharedWaiter();
    waiter.join(waiters?.waiter());
    const reading = (): Promise<Value | undefined> => this.readAndKeep(topic, key, read);
    const flight: Flight<Value> = { epoch, waiter, value: waiters === undefined ? reading() : waiters.runFor(waiter, reading) };
    this.flights.set(key, flight);
    const landed = (): void => {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    };
    flight.value.then(landed, landed);
    return flight.value;
  }

  private async readAndKeep(topic: string, key: string, read: Read<Value>): Promise<Value | undefined> {
    const dated = await read(this.values.peek(key)?.value);
    this.feed.observe(topic, dated.epoch);
    if (dated.epoch >= this.feed.epochOf(topic)) this.keep(key, dated);
    return dated.value;
  }

  private keep(key: string, { epoch, value }: Dated<Value>): void {
    if (value !== undefined) {
      this.values.set(key, { epoch, value });
      this.absent.delete(key);
      return;
    }
    this.values.delete(key);
    this.absent.set(key, epoch);
  }

  private isConfirmed(): boolean {
    return this.feed.confirmedAge() <= TRUSTED_FOR_MS;
  }
}
