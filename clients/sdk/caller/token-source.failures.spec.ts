import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CountersignError } from '../countersign-error.js';
import { CALLER_REASONS, callerError } from './caller-error.js';
import { issued, json, ManualCaller, OPTIONS, refused, settled } from './fixtures/manual.caller.js';
import type { PostAnswer } from './post.js';
import { createTokenSource, type TokenRequest, type TokenSource } from './token-source.js';

let caller: ManualCaller;
let source: TokenSource;
const alice = { subjectToken: 'token-of-alice' };
const bob = { subjectToken: 'token-of-bob' };

beforeEach(() => {
  caller = new ManualCaller();
  source = createTokenSource(OPTIONS, caller);
});
afterEach(() => {
  source.close();
});

const valueFor = async (request: TokenRequest = alice): Promise<string> => (await source.token(request)).value;
const errorFor = async (request: TokenRequest = alice): Promise<CountersignError> =>
  source.token(request).then(
    () => Promise.reject(new Error('there was a token')),
    (error: unknown) => error as CountersignError,
  );
const reasonFor = async (request: TokenRequest = alice): Promise<string> => (await errorFor(request)).reason;
/** Answers that come when a test says so. */
const held = (): { answer: (what: PostAnswer) => void } => {
  const waiting: ((what: PostAnswer) => void)[] = [];
  caller.answer = () => new Promise((resolve) => waiting.push(resolve));
  return { answer: (what) => waiting.shift()?.(what) };
};

describe('A refusal', () => {
  it('is told as the service told it', async () => {
    caller.answer = () => refused('TOKEN_REVOKED');
    expect(await errorFor()).toMatchObject({
      name: 'CountersignError',
      reason: 'TOKEN_REVOKED',
      message: 'it is TOKEN_REVOKED',
      retryable: false,
      saidBy: 'service',
      diagnosticId: 'diagnostic-1',
      helpUrl: 'https://auth.acme.test/docs/errors/TOKEN_REVOKED.md',
    });
  });

  it('is remembered for 5 s, for its subject alone', async () => {
    caller.answer = () => refused('TOKEN_REVOKED');
    for (let call = 0; call < 20; call += 1) expect(await reasonFor()).toBe('TOKEN_REVOKED');
    expect(caller.asked).toHaveLength(1);
    caller.answer = () => issued('other');
    expect(await valueFor(bob)).toBe('other');
    await caller.pass(4.9);
    expect(await reasonFor()).toBe('TOKEN_REVOKED');
    await caller.pass(0.2);
    expect(await valueFor()).toBe('other');
  });

  it('of the client itself counts for every subject, and takes no token away that is there', async () => {
    await source.token(bob);
    caller.answer = () => refused('CLIENT_UNAUTHENTICATED', 401);
    expect(await reasonFor()).toBe('CLIENT_UNAUTHENTICATED');
    expect(await reasonFor({ subjectToken: 'token-of-carol' })).toBe('CLIENT_UNAUTHENTICATED');
    expect(caller.asked).toHaveLength(2);
    await caller.pass(460);
    expect(await valueFor(bob)).toBe('token-1');
    await settled();
    expect(await valueFor(bob)).toBe('token-1');
  });

  it('while renewing ends what is kept', async () => {
    await source.token(alice);
    caller.answer = () => refused('SUBJECT_DISABLED');
    await caller.pass(460);
    expect(await valueFor()).toBe('token-1');
    await settled();
    expect(await reasonFor()).toBe('SUBJECT_DISABLED');
  });

  it('of a subject token that ends leaves what is kept until its own end', async () => {
    await source.token(alice);
    caller.answer = () => refused('TOKEN_EXPIRES_TOO_SOON');
    await caller.pass(460);
    await source.token(alice);
    await settled();
    await caller.pass(100);
    expect(await valueFor()).toBe('token-1');
  });

  it('in words that are no words of the service is none of it', async () => {
    const strange: PostAnswer[] = [
      json(400, { error: 'invalid_request' }),
      json(400, { error: 'invalid_request', code: '<script>' }),
      json(403, { code: 'TOKEN_REVOKED' }),
      { status: 302, contentType: 'text/html', retryAfter: null, body: '' },
      { status: 200, contentType: 'text/html', retryAfter: null, body: '<html>' },
      { ...refused('TOKEN_REVOKED'), contentType: 'text/html' },
      json(200, { access_token: 'a b', token_type: 'Bearer', expires_in: 600 }),
      json(200, { access_token: 'a\r\nx: y', token_type: 'Bearer', expires_in: 600 }),
      json(200, { access_token: 'a', token_type: 'DPoP', expires_in: 600 }),
      json(200, { access_token: 'a', token_type: 'Bearer' }),
      json(200, { access_token: 'a', token_type: 'Bearer', expires_in: 0 }),
      json(200, { access_token: 'a', token_type: 'Bearer', expires_in: 1e9 }),
      json(200, { token_type: 'Bearer', expires_in: 600 }),
      json(200, []),
    ];
    for (const [number, answer] of strange.entries()) {
      caller.answer = () => answer;
      const error = await errorFor({ subjectToken: `subject-${number}` });
      expect([number, error.reason, error.retryable]).toEqual([number, 'TOKEN_ENDPOINT_ANSWER_INVALID', true]);
    }
    expect(caller.asked).toHaveLength(strange.length);
  });

  it('is written without what would move a terminal', async () => {
    caller.answer = () => json(400, { error: 'x', error_description: `\u001b[2J\r\n${'y'.repeat(999)}`, code: 'TOKEN_REVOKED' });
    const { message } = await errorFor();
    expect(message).toMatch(/^\?\[2J\?\?y+$/);
    expect(message).toHaveLength(300);
  });
});

describe('A failure', () => {
  const down = (): Promise<PostAnswer> => Promise.reject(new Error('ECONNREFUSED'));

  it('is tried again, after a pause that is different each time', async () => {
    caller.answer = (_body, number) => (number < 3 ? down() : issued('at-last'));
    const token = valueFor();
    await caller.pass(0.099);
    expect(caller.asked).toHaveLength(1);
    await caller.pass(0.002);
    expect(caller.asked).toHaveLength(2);
    caller.chance = 0.1;
    await caller.pass(0.201);
    expect(await token).toBe('at-last');
  });

  it('that stays is told after three attempts, and not asked about again at once', async () => {
    caller.answer = down;
    const error = errorFor();
    await caller.pass(0.4);
    expect(await error).toMatchObject({ reason: 'TOKEN_ENDPOINT_UNREACHABLE', retryable: true, saidBy: 'transport' });
    expect(caller.asked).toHaveLength(3);
    expect(await reasonFor()).toBe('TOKEN_ENDPOINT_UNREACHABLE');
    expect(caller.asked).toHaveLength(3);
    caller.answer = () => issued('back');
    await caller.pass(0.6);
    expect(await valueFor()).toBe('back');
  });

  it('of everything costs a tenth more, and not three times as much', async () => {
    caller.answer = down;
    const subjects = Array.from({ length: 1_000 }, (_each, number) => ({ subjectToken: `subject-${number}` }));
    for (const subject of subjects) {
      const error = reasonFor(subject);
      await caller.pass(3);
      expect(await error).toBe('TOKEN_ENDPOINT_UNREACHABLE');
    }
    expect(caller.asked.length).toBeLessThanOrEqual(1_000 + 10 + 100);
    expect(caller.asked.length).toBeGreaterThan(1_100);
  });

  it('with Retry-After is tried again no sooner, also by others of that subject', async () => {
    caller.answer = (_body, number) => (number === 1 ? refused('SERVICE_OVERLOADED', 503, '3') : issued('later'));
    const token = valueFor();
    await caller.pass(2.9);
    expect(caller.asked).toHaveLength(1);
    await caller.pass(0.3);
    expect(await token).toBe('later');
  });

  it('with a longer Retry-After than anybody waits is told at once', async () => {
    caller.answer = () => refused('SERVICE_OVERLOADED', 503, '30');
    expect(await errorFor()).toMatchObject({ reason: 'SERVICE_OVERLOADED', retryable: true, retryAfterSeconds: 30 });
    await caller.pass(29);
    expect(await reasonFor()).toBe('SERVICE_OVERLOADED');
    expect(caller.asked).toHaveLength(1);
    caller.answer = () => issued('later');
    expect(await valueFor(bob)).toBe('later');
    await caller.pass(2);
    expect(await valueFor()).toBe('later');
  });

  it.each([429, 502, 503, 504])('of a proxy (%s) is one of a proxy', async (status) => {
    caller.answer = () => ({ status, contentType: 'text/html', retryAfter: '60', body: '<html>' });
    expect(await errorFor()).toMatchObject({ reason: 'TOKEN_ENDPOINT_BEHIND_HOP', saidBy: 'hop', retryAfterSeconds: 60 });
  });

  it('while renewing leaves what is kept, and is not tried at each call', async () => {
    await source.token(alice);
    caller.answer = down;
    await caller.pass(460);
    for (let call = 0; call < 50; call += 1) {
      expect(await valueFor()).toBe('token-1');
      await caller.pass(0.1);
    }
    expect(caller.asked.length).toBeLessThanOrEqual(1 + 3);
    await caller.pass(130);
    const error = reasonFor();
    await caller.pass(2);
    expect(await error).toBe('TOKEN_ENDPOINT_UNREACHABLE');
  });

  it('of an endpoint that never answers ends the attempt after 5 s', async () => {
    caller.answer = () => new Promise<never>(() => undefined);
    const error = errorFor({ ...alice, deadlineMs: 60_000 });
    await caller.pass(5.1);
    expect(caller.asked[0]?.signal.aborted).toBe(true);
    await caller.pass(12);
    expect(await error).toMatchObject({ reason: 'TOKEN_ENDPOINT_UNREACHABLE' });
    expect(caller.timersLeft).toBe(0);
  });
});

describe('A call that leaves', () => {
  it('takes nothing from the others that wait', async () => {
    const { answer } = held();
    const leaving = new AbortController();
    const left = errorFor({ ...alice, signal: leaving.signal });
    const late = errorFor({ ...alice, deadlineMs: 50 });
    const stays = valueFor();
    leaving.abort(new Error('gone'));
    expect(await left).toMatchObject({ message: 'gone' });
    await caller.pass(0.1);
    expect(await late).toMatchObject({ reason: 'TOKEN_DEADLINE_EXCEEDED', retryable: true });
    expect(caller.asked[0]?.signal.aborted).toBe(false);
    answer(issued('stayed'));
    expect(await stays).toBe('stayed');
  });

  it('leaves what was asked for to the next one', async () => {
    const { answer } = held();
    const late = reasonFor({ ...alice, deadlineMs: 50 });
    await caller.pass(0.1);
    expect(await late).toBe('TOKEN_DEADLINE_EXCEEDED');
    answer(issued('token'));
    await settled();
    expect(await valueFor()).toBe('token');
    expect(caller.asked).toHaveLength(1);
  });

  it('is not tried for again', async () => {
    caller.answer = () => Promise.reject(new Error('down'));
    const late = reasonFor({ ...alice, deadlineMs: 50 });
    await caller.pass(3);
    expect(['TOKEN_DEADLINE_EXCEEDED', 'TOKEN_ENDPOINT_UNREACHABLE']).toContain(await late);
    expect(caller.asked).toHaveLength(1);
  });

  it('before it came is not asked for at all', async () => {
    await expect(source.token({ ...alice, signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never');
    expect(await reasonFor({ ...alice, deadlineMs: 0 })).toBe('TOKEN_DEADLINE_EXCEEDED');
    expect(await reasonFor({ ...alice, deadlineMs: Number.NaN })).toBe('TOKEN_DEADLINE_EXCEEDED');
  });
});

describe('The page of a reason', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/sdk/calling.md'), 'utf8');
  const ofCalls = ['HOP_ANSWERED', 'NOT_CONNECTED', 'HANDLER_SLOW', 'CALLER_TOKEN_FETCH', 'CALL_REFUSED'];

  it.each([...CALLER_REASONS, ...ofCalls])('%s is there', (reason) => {
    expect(page).toContain(`\n### ${reason}\n`);
  });

  it.each(CALLER_REASONS)('%s is linked, and what it says may pass', (reason) => {
    const { helpUrl, retryable } = callerError(reason);
    expect([helpUrl.split('/docs/')[1], retryable]).toEqual([`sdk/calling.md#${reason.toLowerCase()}`, true]);
  });
});
