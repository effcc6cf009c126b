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

export const CHANGE_FEED: unique symbol = Symbol('ChangeFeed');
