/**
 * Hides how processes learn that shared data changed. Anyone may call.
 * A topic is a tenant id; its epoch grows with every committed change of that tenant's data.
 */
export interface ChangeFeed {
  /** Tells each change of a topic that becomes known: at once where it is announced, within 30 s where it is not. */
  onChange(heard: (topic: string, epoch: number) => void): void;

  /** The newest epoch known for the topic; 0 when nothing was ever heard of it. */
  epochOf(topic: string): number;

  /** Takes note of an epoch that came with data, which may be newer than what was announced. */
  observe(topic: string, epoch: number): void;

  /** Milliseconds since all epochs were last confirmed by the database. */
  confirmedAge(): number;

  /** Announces the current epoch of every topic that changed. Call it after the unit of work has ended. */
  announce(): Promise<void>;

  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The topic of what belongs to no tenant: clients, shared applications, trusted issuers. Its rows carry it as their tenant. */
export const PLATFORM_TENANT = '00000000-0000-0000-0000-000000000000';

/** A value together with the epoch of the data state that it was read from. */
export interface Dated<Value> {
  readonly epoch: number;
  /** `undefined`: there is no such thing. */
  readonly value: Value | undefined;
}

/**
 * Keeps values in memory for as long as the epoch of their topic stands still. Bounded: what was not used for longest goes first.
 * What turned out not to be there is kept apart, so that asking for things that do not exist pushes out nothing that does.
 */
export interface EpochCache<Value> {
  /**
   * The kept value, if it is certainly current: its epoch is the newest known, and epochs were confirmed within 5 minutes.
   * Never inside a unit of work, which may have changed it.
   */
  peek(topic: string, key: string): Value | undefined;

  /**
   * The current value; `read` reads it when it is not kept. Callers at the same time share one read, unless a change became
   * known after that read began. `read` is handed the outdated value, to answer that very object where nothing changed.
   * Inside a unit of work it always reads, and keeps nothing.
   *
   * @param key unique over all topics of the cache
   */
  get(topic: string, key: string, read: (outdated: Value | undefined) => Promise<Dated<Value>>): Promise<Value | undefined>;
}

/** Makes caches that follow the change feed. */
export interface EpochCaches {
  create<Value>(bounds: { readonly values: number; readonly absent: number }): EpochCache<Value>;
}

export const EPOCH_CACHES: unique symbol = Symbol('EpochCaches');
export const CHANGE_FEED: unique symbol = Symbol('ChangeFeed');
