import type { KeyringManager } from '#managers/keyring/contract.js';
import type { KeySet, WatchKeysResponse } from '#protos/generated/countersign/keys/v1/keys.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { RotationSettings } from '#utilities/config/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import { keySetMessage } from './key-set.message.js';

/** The keyring is in memory and follows announcements: looking costs next to nothing, and this is all that it adds to them. */
const LOOK_EVERY_MS = 250;
/** Below the minute after which proxies end streams on which nothing happens. */
const SIGN_OF_LIFE_MS = 20_000;
const SILENCE_SECONDS = 60;
const RETRY_AFTER_SECONDS = 30;

interface Dependencies {
  readonly keyring: Pick<KeyringManager, 'publishedKeys'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly rotation: RotationSettings;
  /** Streams that one process keeps. One client has a quarter of them at most. */
  readonly limit: number;
}

/** One open stream. */
export interface KeyReader {
  readonly clientId: string;
  /** Whether its connection takes no new calls: the stream has to end before the connection does. */
  isClosing(): boolean;
  /** Calls `taken` when the message has left this process: the next one is not sent before. */
  send(message: WatchKeysResponse, taken: () => void): void;
  end(error: CodedError): void;
}

interface Followed {
  readonly reader: KeyReader;
  /** Of the set that it was sent last. */
  etag: string | undefined;
  isSending: boolean;
  lastAt: number;
}

/**
 * Tells open streams of the public keys: the set at once, and again when it is another one. Of a reader that is slower than the keys
 * change, one message is under way at most; what it gets next is the newest set.
 */
export class KeyWatchers {
  private readonly open = new Set<Followed>();
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(private readonly deps: Dependencies) {}

  /** The public keys as they are now. */
  async current(): Promise<KeySet> {
    const { keyring, ids, rotation } = this.deps;
    return keySetMessage(await keyring.publishedKeys({ diagnosticId: ids.random(), transport: 'grpc' }), rotation);
  }

  /**
   * Answers what to call when the reader is gone.
   *
   * @throws CodedError `KEY_WATCHERS_FULL`, `SERVICE_STOPPING`
   */
  async add(reader: KeyReader): Promise<() => void> {
    this.refuse(reader);
    const set = await this.current();
    // Others may have come while the keys were read.
    this.refuse(reader);
    const followed: Followed = { reader, etag: undefined, isSending: false, lastAt: 0 };
    this.open.add(followed);
    this.timer ??= setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
    this.tell(followed, set);
    return () => {
      this.leave(followed);
    };
  }

  /** Ends every stream, and refuses new ones from now on. */
  stop(): void {
    this.isStopping = true;
    for (const followed of this.open) this.end(followed);
  }

  /** Looks now; what the timer does. */
  async look(): Promise<void> {
    let set: KeySet;
    try {
      set = await this.current();
    } catch {
      // Whoever waits keeps what it has, as over HTTP.
      return;
    }
    for (const followed of this.open) {
      if (followed.reader.isClosing()) this.end(followed);
      else this.tell(followed, set);
    }
  }

  private refuse({ clientId }: KeyReader): void {
    if (this.isStopping) throw new CodedError('SERVICE_STOPPING', { retryAfterSeconds: 1 });
    const { limit } = this.deps;
    const own = [...this.open].filter(({ reader }) => reader.clientId === clientId).length;
    // SECURITY: one client cannot take the streams of all others.
    if (this.open.size < limit && own < Math.ceil(limit / 4)) return;
    throw new CodedError('KEY_WATCHERS_FULL', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }

  private tell(followed: Followed, set: KeySet): void {
    const now = this.deps.clock.monotonic();
    const isNew = followed.etag !== set.etag;
    if (followed.isSending || (!isNew && now - followed.lastAt < SIGN_OF_LIFE_MS)) return;
    Object.assign(followed, { etag: set.etag, isSending: true, lastAt: now });
    followed.reader.send({ keySet: isNew ? set : undefined, silenceSeconds: SILENCE_SECONDS }, () => {
      followed.isSending = false;
    });
  }

  private end(followed: Followed): void {
    this.leave(followed);
    followed.reader.end(new CodedError('SERVICE_STOPPING', { retryAfterSeconds: 1 }));
  }

  private leave(followed: Followed): void {
    this.open.delete(followed);
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

export const KEY_WATCHERS: unique symbol = Symbol('KeyWatchers');
