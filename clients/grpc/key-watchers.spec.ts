import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WatchKeysResponse } from '#protos/generated/countersign/keys/v1/keys.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import type { CodedError } from '#utilities/errors/coded-error.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { KeyWatchers, type KeyReader } from './key-watchers.js';

/** A reader that takes a message when it is told to. */
class Reader implements KeyReader {
  readonly got: WatchKeysResponse[] = [];
  closing = false;
  ended: string | undefined;
  private taken: (() => void) | undefined;

  constructor(readonly clientId = 'one') {}

  isClosing(): boolean {
    return this.closing;
  }

  send(message: WatchKeysResponse, taken: () => void): void {
    if (this.taken !== undefined) throw new Error('a message is under way');
    this.got.push(message);
    this.taken = taken;
  }

  end(error: CodedError): void {
    this.ended = error.code;
  }

  take(): void {
    this.taken?.();
    this.taken = undefined;
  }

  get kids(): string[] {
    return this.got.map(({ keySet }) => /k\d/.exec(keySet?.jwksJson.toString() ?? '')?.[0] ?? 'alive');
  }
}

describe('Streams of the public keys', () => {
  const clock = new ManualClock();
  let published = [{ kid: 'k1', jwk: { kid: 'k1' } }];
  let isAway = false;
  let watchers: KeyWatchers;

  beforeEach(() => {
    published = [{ kid: 'k1', jwk: { kid: 'k1' } }];
    isAway = false;
    watchers = new KeyWatchers({
      keyring: { publishedKeys: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(published)) },
      clock,
      ids: new CryptoIdSource({ clock }),
      rotation: usualRotation(),
      limit: 4,
    });
  });
  afterEach(() => {
    watchers.stop();
  });
  const change = async (kid: string): Promise<void> => {
    published = [{ kid, jwk: { kid } }];
    await watchers.look();
  };

  it('tell who reads slowly the newest set, and none of those between', async () => {
    const [slow, quick] = [new Reader(), new Reader('two')];
    await watchers.add(slow);
    await watchers.add(quick);
    quick.take();
    for (const kid of ['k2', 'k3', 'k4']) {
      await change(kid);
      quick.take();
    }
    expect([slow.kids, quick.kids]).toEqual([['k1'], ['k1', 'k2', 'k3', 'k4']]);
    slow.take();
    await watchers.look();
    expect(slow.kids).toEqual(['k1', 'k4']);
  });

  it('tell nothing twice, and now and then that they are alive', async () => {
    const reader = new Reader();
    await watchers.add(reader);
    reader.take();
    // Another array with the same keys, as after a change that is none of verifiers'.
    await change('k1');
    clock.advance(19_999);
    await watchers.look();
    expect(reader.kids).toEqual(['k1']);
    clock.advance(1);
    await watchers.look();
    expect(reader.kids).toEqual(['k1', 'alive']);
  });

  it('keep what they have told while the keys cannot be read', async () => {
    const reader = new Reader();
    await watchers.add(reader);
    reader.take();
    isAway = true;
    await watchers.look();
    expect([reader.kids, reader.ended]).toEqual([['k1'], undefined]);
  });

  it('end before their connection does, and with the instance, which opens no new ones', async () => {
    const [old, other] = [new Reader(), new Reader('two')];
    await watchers.add(old);
    await watchers.add(other);
    old.closing = true;
    await watchers.look();
    expect([old.ended, other.ended]).toEqual(['SERVICE_STOPPING', undefined]);
    watchers.stop();
    expect(other.ended).toBe('SERVICE_STOPPING');
    await expect(watchers.add(new Reader())).rejects.toMatchObject({ code: 'SERVICE_STOPPING' });
  });

  it('are bounded for the process and for each client, and make room when a reader leaves', async () => {
    const full = { code: 'KEY_WATCHERS_FULL', details: { retryAfterSeconds: 30 } };
    const leave = await watchers.add(new Reader('a'));
    await expect(watchers.add(new Reader('a'))).rejects.toMatchObject(full);
    for (const client of ['b', 'c', 'd']) await watchers.add(new Reader(client));
    await expect(watchers.add(new Reader('e'))).rejects.toMatchObject(full);
    leave();
    leave();
    await watchers.add(new Reader('e'));
  });
});
