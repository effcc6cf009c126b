import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AUDIENCE, makeKey, ManualRuntime, type SigningKey, StandInIssuer } from './fixtures/stand-in.issuer.js';
import { createVerifier, type Verifier } from './verifier.js';

const HOUR = 3_600;

let issuer: StandInIssuer;
let runtime: ManualRuntime;
let verifier: Verifier;

const refusal = (reason: string, retryable: boolean): object => expect.objectContaining({ reason, retryable });
const isUnavailable = (token = longToken()) => expect(verifier.verify(token)).rejects.toEqual(refusal('KEYS_UNAVAILABLE', true));
const isUnknown = (token: string) => expect(verifier.verify(token)).rejects.toEqual(refusal('TOKEN_KEY_UNKNOWN', false));
const isGood = (token = longToken()) => expect(verifier.verify(token)).resolves.toMatchObject({ subject: 'u_ana' });

const longToken = (key: SigningKey = issuer.key): string => issuer.token({ exp: runtime.wall / 1_000 + 900 }, key);
const down: RequestListener = (_request, response) => response.writeHead(503).end();
/** The timer's refresh of the keys, and that it has ended. */
async function refreshed(): Promise<void> {
  const asked = issuer.asked.keys;
  runtime.works.get(300_000)?.();
  while (issuer.asked.keys === asked) await new Promise(setImmediate);
  await verifier.prepare();
}

beforeEach(async () => {
  issuer = await new StandInIssuer().open();
  runtime = new ManualRuntime();
  verifier = createVerifier({ issuer: issuer.issuer, audience: AUDIENCE, whenCutoffsUnknown: 'go-on' }, runtime);
});

afterEach(async () => {
  verifier.close();
  await issuer.close();
});

describe('The keys of the issuer', () => {
  it('are kept for an hour while the issuer does not answer, and not a second longer', async () => {
    await isGood();
    issuer.answerKeys = down;
    runtime.pass(HOUR - 1);
    await isGood();
    runtime.pass(1);
    await isUnavailable();
    issuer.answerKeys = undefined;
    runtime.pass(5);
    await isGood();
  });

  it('are as old as the clock says that ran faster: a machine that slept, or a clock that was put back', async () => {
    await isGood();
    issuer.answerKeys = down;
    runtime.wall += HOUR * 1_000;
    await isUnavailable();
    runtime.wall -= 2 * HOUR * 1_000;
    runtime.steady += HOUR * 1_000;
    await isUnavailable(issuer.token({ iat: runtime.wall / 1_000 }));
  });

  it('are asked for once in 5 s while there are none', async () => {
    issuer.answerKeys = down;
    for (let call = 0; call < 20; call += 1) await isUnavailable();
    expect(issuer.asked.keys).toBe(1);
    runtime.pass(5);
    await isUnavailable();
    expect(issuer.asked.keys).toBe(2);
  });

  it('go when the issuer takes them back', async () => {
    await isGood();
    const next = makeKey('key-2');
    issuer.keys = [next.jwk];
    await refreshed();
    await isGood(longToken(next));
    await isUnknown(longToken());
  });

  it('come as soon as a token names them', async () => {
    await isGood();
    const next = makeKey('key-2');
    issuer.keys = [issuer.key.jwk, next.jwk];
    await isGood(longToken(next));
  });

  it('are asked for no oftener than twice, then once in 30 s, whatever ids strangers invent', async () => {
    await isGood();
    for (let call = 0; call < 200; call += 1) await isUnknown(longToken({ ...issuer.key, kid: `invented-${call}` }));
    expect(issuer.asked.keys).toBe(3);
    await isGood();
    runtime.pass(29);
    await isUnknown(longToken({ ...issuer.key, kid: 'x' }));
    expect(issuer.asked.keys).toBe(3);
    const next = makeKey('key-2');
    issuer.keys = [issuer.key.jwk, next.jwk];
    runtime.pass(1);
    await isGood(longToken(next));
    expect(issuer.asked.keys).toBe(4);
  });

  it('that nobody can ask for leave it open whose the token is', async () => {
    await isGood();
    issuer.answerKeys = down;
    await isUnavailable(longToken({ ...issuer.key, kid: 'new' }));
    await isGood();
  });
});

describe('A key set', () => {
  const servedAs: [string, RequestListener][] = [
    ['by a redirect to the same host', (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['by a permanent redirect', (_request, response) => response.writeHead(308, { location: `${issuer.issuer}/moved` }).end()],
    ['with 201', (_request, response) => response.writeHead(201).end(set([issuer.key.jwk]))],
    ['with 404', (_request, response) => response.writeHead(404).end(set([issuer.key.jwk]))],
    ['with a break in it', (_request, response) => response.writeHead(200, { 'content-length': 9_999 }).write('{"keys"')],
    ['above 100 KiB', (_request, response) => response.end(`${' '.repeat(102_401)}${set([issuer.key.jwk])}`)],
    ['as text', (_request, response) => response.end('keys')],
    ['as a list', (_request, response) => response.end(JSON.stringify([issuer.key.jwk]))],
    ['with a member twice', (_request, response) => response.end(`{"keys":[],"keys":[${JSON.stringify(issuer.key.jwk)}]}`)],
    ['without a key', (_request, response) => response.end(set([]))],
    ['of 101 keys', (_request, response) => response.end(set(Array.from({ length: 101 }, () => issuer.key.jwk)))],
    ['with one id twice', (_request, response) => response.end(set([issuer.key.jwk, makeKey('key-1').jwk]))],
  ];
  const set = (keys: readonly unknown[]): string => JSON.stringify({ keys });

  it.each(servedAs)('is not taken %s', async (how, answer) => {
    // Whatever other address is asked has good keys.
    issuer.answerCutoffs = (_request, response) => response.end(set([issuer.key.jwk]));
    issuer.answerKeys = (request, response) => {
      answer(request, response);
      if (how === 'with a break in it') response.destroy();
    };
    await isUnavailable();
  });

  it('without an end is left', async () => {
    let ended: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (ended = resolve));
    issuer.answerKeys = (_request, response) => {
      const more = (): boolean => response.destroyed || response.write(' '.repeat(60_000), () => setImmediate(more));
      response.on('close', ended);
      more();
    };
    await isUnavailable();
    await closed;
  });

  it('with bad keys gives the good ones beside them', async () => {
    const named = (kid: string, change: object): object => ({ ...makeKey(kid).jwk, ...change });
    issuer.keys = [
      null,
      7,
      { kty: 'oct', k: 'c2VjcmV0', kid: 'a', alg: 'HS256' },
      { kty: 'new', kid: 'b' },
      named('c', { use: 'enc' }),
      named('d', { d: 'c2VjcmV0' }),
      named('e', { x: 'AAAA' }),
      named('f', { alg: 'RS256' }),
      named('g', { crv: 'P-384' }),
      { ...makeKey('h', 'RS256').jwk, alg: undefined },
      { ...makeKey('i', 'RS256').jwk, e: 'Aw' },
      { ...makeKey('j', 'RS256').jwk, n: 'AQAB' },
      named('k', { kid: 5 }),
      { ...issuer.key.jwk, alg: undefined, use: undefined },
    ];
    await isGood();
    for (const kid of 'abcdefghijk') await isUnknown(longToken({ ...issuer.key, kid }));
  });
});
