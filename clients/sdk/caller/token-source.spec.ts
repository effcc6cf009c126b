import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CountersignError } from '../countersign-error.js';
import { AUDIENCE, issued, ManualCaller, OPTIONS, refused, settled } from './fixtures/manual.caller.js';
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

describe('A token', () => {
  it('is exchanged as RFC 8693 says', async () => {
    await source.token(alice);
    const [request] = caller.asked;
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'token-of-alice',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      audience: AUDIENCE,
    });
    expect(request?.url.href).toBe('https://auth.acme.test/oauth2/token');
    expect(request?.headers['authorization']).toBe(`Basic ${Buffer.from('orders:a%3Asecret').toString('base64')}`);
  });

  it('is kept for the same subject, audience and scope, and for no other', async () => {
    expect(await valueFor()).toBe('token-1');
    expect(await valueFor()).toBe('token-1');
    expect(await valueFor(bob)).toBe('token-2');
    expect(await valueFor({ ...alice, audience: 'https://other.test' })).toBe('token-3');
    expect(await valueFor({ ...alice, scope: 'billing:invoice:read' })).toBe('token-4');
    expect(await valueFor({ ...alice, scope: '' })).toBe('token-5');
    expect(await valueFor({ ...alice, audience: AUDIENCE })).toBe('token-1');
    expect(await valueFor()).toBe('token-1');
  });

  it('is asked for once, however many calls wait for it', async () => {
    const { answer } = held();
    const all = Array.from({ length: 100 }, () => valueFor());
    await settled();
    expect(caller.asked).toHaveLength(1);
    answer(issued('one'));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['one']));
    expect(caller.timersLeft).toBe(0);
  });

  it('is renewed ahead of its end by a call that has its answer from memory', async () => {
    await source.token(alice);
    await caller.pass(449);
    expect(await valueFor()).toBe('token-1');
    expect(caller.asked).toHaveLength(1);
    await caller.pass(2);
    const { answer } = held();
    expect(await valueFor()).toBe('token-1');
    expect(await valueFor()).toBe('token-1');
    expect(caller.asked).toHaveLength(2);
    answer(issued('token-new'));
    await settled();
    expect(await valueFor()).toBe('token-new');
  });

  it('is renewed at another moment in every process', async () => {
    caller.chance = 0.999;
    await source.token(alice);
    await caller.pass(479);
    await source.token(alice);
    await settled();
    expect(caller.asked).toHaveLength(1);
    await caller.pass(2);
    await source.token(alice);
    await settled();
    expect(caller.asked).toHaveLength(2);
  });

  it('is handed out until 10 s before its end, counted from before it was asked for', async () => {
    const { answer } = held();
    const first = valueFor();
    await caller.pass(4);
    answer(issued('slow'));
    expect(await first).toBe('slow');
    caller.answer = () => refused('TOKEN_EXPIRES_TOO_SOON');
    await caller.pass(585);
    expect(await valueFor()).toBe('slow');
    await settled();
    await caller.pass(2);
    expect(await reasonFor()).toBe('TOKEN_EXPIRES_TOO_SOON');
  });

  it('is not handed out after the machine slept through its end', async () => {
    await source.token(alice);
    caller.wall += 600_000;
    expect(await valueFor()).toBe('token-2');
  });

  it('that ends with the token of its subject is not renewed again and again', async () => {
    const end = caller.steady + 600_000;
    caller.answer = (_body, number) => issued(`token-${number}`, (end - caller.steady) / 1_000);
    await source.token(alice);
    for (let second = 0; second < 580; second += 5) {
      await caller.pass(5);
      await source.token(alice);
    }
    expect(caller.asked).toHaveLength(2);
  });

  it('shows itself in no log', async () => {
    const token = await source.token(alice);
    for (const text of [inspect(token, { depth: 9, showHidden: true }), JSON.stringify({ token }), String(token)])
      expect(text).not.toContain('token-1');
    expect(token.authorization).toBe('Bearer token-1');
  });
});

describe('The subject of a call', () => {
  it('is named by the call, where the source has none of its own', async () => {
    await expect(source.token()).rejects.toThrow(TypeError);
    await expect(source.token({ subjectToken: '' })).rejects.toThrow(TypeError);
    await expect(source.token({ subjectToken: undefined })).rejects.toThrow(TypeError);
    expect(caller.asked).toHaveLength(0);
  });

  it('is never named by the call, where the source has its own', async () => {
    let own: string | Error = ' token-of-the-program\n';
    source = createTokenSource(
      { ...OPTIONS, subjectToken: () => (own instanceof Error ? Promise.reject(own) : Promise.resolve(own)) },
      caller,
    );
    await expect(source.token(alice)).rejects.toThrow(TypeError);
    expect((await source.token()).value).toBe('token-1');
    expect(caller.asked[0]?.body).toContain('subject_token=token-of-the-program');
    for (own of ['', '\n', new Error('no file')])
      await expect(source.token()).rejects.toMatchObject({ reason: 'SUBJECT_TOKEN_UNAVAILABLE', retryable: true });
  });

  it('is refused above 16 KiB without asking', async () => {
    expect(await reasonFor({ subjectToken: 'x'.repeat(16_385) })).toBe('TOKEN_TOO_LARGE');
    expect(caller.asked).toHaveLength(0);
  });
});

describe('A token that nobody takes', () => {
  it('is asked for anew, but not again within 30 s', async () => {
    const first = await source.token(alice);
    expect(source.drop(first)).toBe(false);
    expect(await valueFor()).toBe('token-1');
    await caller.pass(30);
    expect(source.drop(first)).toBe(true);
    const second = await source.token(alice);
    expect(second.value).toBe('token-2');
    expect(source.drop(first)).toBe(true);
    expect(await source.token(alice)).toBe(second);
  });
});

describe('What is kept', () => {
  it('of 100,000 subjects is no more than was said', async () => {
    source = createTokenSource({ ...OPTIONS, mostTokens: 1_000 }, caller);
    caller.answer = (body) => issued(`of-${/subject-[0-9]+/.exec(body)?.[0] ?? ''}`);
    for (let number = 0; number < 100_000; number += 1) {
      const token = await source.token({ subjectToken: `subject-${number}` });
      if (number % 10_000 === 0) expect(token.value).toBe(`of-subject-${number}`);
      caller.asked.length = 0;
    }
    expect(source.size).toBeLessThanOrEqual(1_000);
    expect(source.size).toBeGreaterThan(500);
    await source.token({ subjectToken: 'subject-99999' });
    expect(caller.asked).toHaveLength(0);
    expect(caller.timersLeft).toBe(0);
  });

  it('is not pushed out by those whose tokens are refused', async () => {
    source = createTokenSource({ ...OPTIONS, mostTokens: 4 }, caller);
    await source.token(alice);
    caller.answer = () => refused('TOKEN_MALFORMED');
    for (let number = 0; number < 100; number += 1) await errorFor({ subjectToken: `bad-${number}` });
    expect(await valueFor()).toBe('token-1');
  });

  it('goes when it has ended', async () => {
    for (let number = 0; number < 10; number += 1) await source.token({ subjectToken: `early-${number}` });
    await caller.pass(601);
    for (let number = 0; number < 5; number += 1) await source.token({ subjectToken: `late-${number}` });
    expect(source.size).toBe(5);
  });

  it('asks for a thousand at once, and for no more', async () => {
    const { answer } = held();
    const waiting = Array.from({ length: 1_000 }, (_each, number) => valueFor({ subjectToken: `subject-${number}` }));
    expect(await reasonFor()).toBe('TOKEN_SOURCE_BUSY');
    await settled();
    for (let number = 0; number < waiting.length; number += 1) answer(issued('x'));
    await Promise.all(waiting);
    caller.answer = () => issued('y');
    expect(await valueFor()).toBe('y');
  });

  it('is gone when the source is closed, with those who wait', async () => {
    await source.token(bob);
    held();
    const waits = reasonFor();
    await settled();
    source.close();
    expect(await waits).toBe('TOKEN_SOURCE_CLOSED');
    expect(await reasonFor(bob)).toBe('TOKEN_SOURCE_CLOSED');
    expect(source.size).toBe(0);
    expect(caller.asked.at(-1)?.signal.aborted).toBe(true);
    await settled();
    expect(caller.timersLeft).toBe(0);
  });
});

describe('Options', () => {
  it.each([
    ['plain http', { issuer: 'http://auth.acme.test' }],
    ['an endpoint over plain http', { tokenEndpoint: 'http://auth.acme.test/oauth2/token' }],
    ['credentials in the address', { tokenEndpoint: 'https://a:b@auth.acme.test/oauth2/token' }],
    ['no issuer', { issuer: '', tokenEndpoint: 'https://auth.acme.test/oauth2/token' }],
    ['no audience', { audience: '' }],
    ['no client', { client: { clientId: '', secret: 's' } }],
    ['no proof', { client: { clientId: 'orders' } }],
    ['an empty secret', { client: { clientId: 'orders', secret: '' } }],
    ['two proofs', { client: { clientId: 'orders', secret: 's', assertionFile: '/token' } }],
    ['a key that is none', { client: { clientId: 'orders', key: { privateKey: 'no key' } } }],
    ['a certificate without its key', { client: { clientId: 'orders', tls: { certFile: '/cert' } } }],
    [
      'a certificate on plain loopback',
      { issuer: 'http://127.0.0.1:1', client: { clientId: 'o', tls: { certFile: 'a', keyFile: 'b' } } },
    ],
    ['no room', { mostTokens: 1 }],
    ['room without an end', { mostTokens: Number.POSITIVE_INFINITY }],
  ])('with %s are refused', (_what, change) => {
    expect(() => createTokenSource({ ...OPTIONS, ...change }, caller)).toThrow(TypeError);
  });

  it.each(['http://orders:hidden@auth.acme.test/token', 'https://orders:hidden@auth.acme.test/token', 'orders:hidden@:auth'])(
    'are refused without a word of what is secret in %s',
    (tokenEndpoint) => {
      const made = (): unknown => createTokenSource({ ...OPTIONS, tokenEndpoint }, caller);
      expect(made).toThrow(TypeError);
      try {
        made();
      } catch (error) {
        expect(inspect(error)).not.toContain('hidden');
      }
    },
  );
});

it('A source shows neither the secret of its client nor a token', async () => {
  await source.token(alice);
  const shown = `${inspect(source, { depth: 9, showHidden: true })} ${JSON.stringify({ source })}`;
  expect(shown).toContain(AUDIENCE);
  expect(shown).not.toMatch(/a:secret|token-1|token-of-alice/);
});
