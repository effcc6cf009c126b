import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CallWaiter } from './call.waiter.js';
import { HandlerDeadline } from './handler-deadline.js';

describe('HandlerDeadline', () => {
  const clock = new ManualClock();
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await jest.advanceTimersByTimeAsync(milliseconds);
  };

  it('passes results and errors on as they are', async () => {
    const deadline = new HandlerDeadline(clock);
    await expect(deadline.bound(Promise.resolve(1))).resolves.toBe(1);
    await expect(deadline.bound(Promise.reject(new Error('x')))).rejects.toThrow('x');
  });

  it('answers whoever waits longer than 10 s, and nobody else', async () => {
    const deadline = new HandlerDeadline(clock);
    const never = new Promise<number>(() => undefined);
    const old = deadline.bound(never).catch((error: unknown) => (error as { code: string }).code);
    await pass(6_000);
    let young = 'waits';
    void deadline.bound(never).catch((error: unknown) => {
      young = (error as { code: string }).code;
    });
    await pass(5_000);
    await expect(old).resolves.toBe('REQUEST_DEADLINE_EXCEEDED');
    expect(young).toBe('waits');
    await pass(6_000);
    expect(young).toBe('REQUEST_DEADLINE_EXCEEDED');
  });

  it('tells the database for whom it works, and when that caller is given up, but not once it was answered', async () => {
    const seen: unknown[] = [];
    const deadline = new HandlerDeadline(clock, {
      runFor: (waiter, work) => {
        seen.push(waiter);
        return work();
      },
    });
    const [late, answered] = [new CallWaiter(), new CallWaiter()];
    let left = 0;
    late.onGone(() => (left += 1));
    const waiting = deadline.boundFor(late, () => new Promise(() => undefined)).catch(() => undefined);
    await pass(11_000);
    await waiting;
    expect([late.isGone, left]).toEqual([true, 1]);
    await deadline.boundFor(answered, () => Promise.resolve());
    answered.answer();
    answered.go();
    expect(answered.isGone).toBe(false);
    expect(seen).toEqual([late, answered]);
  });

  it('keeps no timer while nobody waits', async () => {
    const deadline = new HandlerDeadline(clock);
    await deadline.bound(Promise.resolve());
    await pass(1_000);
    expect(jest.getTimerCount()).toBe(0);
  });
});
