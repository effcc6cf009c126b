import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AUDIENCE, makeKey, ManualRuntime, StandInIssuer, START_SECONDS } from './fixtures/stand-in.issuer.js';
import { createVerifier, type Verifier, type VerifierOptions } from './verifier.js';

let issuer: StandInIssuer;
let runtime: ManualRuntime;
let verifier: Verifier;

const made = (options: Partial<VerifierOptions> = {}): Verifier =>
  createVerifier({ issuer: issuer.issuer, audience: AUDIENCE, ...options }, runtime);
const token = (changed: object = {}, key = issuer.key): string =>
  issuer.token({ iat: runtime.wall / 1_000, exp: runtime.wall / 1_000 + 600, ...changed }, key);
const isGood = (text = token()) => expect(verifier.verify(text)).resolves.toMatchObject({ audience: AUDIENCE });
const isRefused = (reason: string, text = token()) =>
  expect(verifier.verify(text)).rejects.toEqual(expect.objectContaining({ reason, retryable: reason.endsWith('UNAVAILABLE') }));
const down: RequestListener = (_request, response) => response.writeHead(503).end();

/** What the issuer tells next is known after the next poll. */
async function polled(changed: object, key = issuer.key, header: object = {}): Promise<void> {
  const now = runtime.wall / 1_000;
  issuer.tell({ iat: now, exp: now + 3_600, ...changed }, key, header);
  await polledAgain();
}

async function polledAgain(): Promise<void> {
  const asked = issuer.asked.cutoffs;
  runtime.works.get(30_000)?.();
  while (issuer.asked.cutoffs === asked) await new Promise(setImmediate);
  // Joins what is under way, or asks the same once more.
  await verifier.prepare();
}

beforeEach(async () => {
  issuer = await new StandInIssuer().open();
  runtime = new ManualRuntime();
  verifier = made();
});

afterEach(async () => {
  verifier.close();
  await issuer.close();
});

describe('What the issuer has revoked', () => {
  const BEFORE = START_SECONDS + 5;

  beforeEach(() => isGood());

  it.each([
    ['token', { revoked_tokens: ['t-1'] }, { jti: 't-2' }],
    ['subject', { revoked_subjects: [{ tenant: 'acme', sub: 'u_ana', before: BEFORE }] }, { sub: 'u_bob' }],
    ['subject of this tenant', { revoked_subjects: [{ tenant: 'acme', sub: 'u_ana', before: BEFORE }] }, { tenant: 'other' }],
    ['client', { revoked_clients: [{ client_id: 'portal', before: BEFORE }] }, { client_id: 'batch' }],
    ['tenant', { revoked_tenants: [{ tenant: 'acme', before: BEFORE }] }, { tenant: 'other' }],
  ])('is heeded within a poll: a %s, and no other one', async (_what, told, other) => {
    await polled({ ...told, seq: 11 });
    await isRefused('TOKEN_REVOKED');
    await isGood(token(other));
  });

  it('is what was issued before, and not what is issued from then on', async () => {
    await polled({ revoked_tenants: [{ tenant: 'acme', before: BEFORE }], seq: 11 });
    await isRefused('TOKEN_REVOKED', token({ iat: BEFORE - 1 }));
    await isRefused('TOKEN_REVOKED', token({ iat: BEFORE + 1, oat: BEFORE - 1 }));
    await isGood(token({ iat: BEFORE }));
  });

  it('is also what a subject acts in that is cut off, wherever it is in the chain', async () => {
    await polled({ revoked_subjects: [{ tenant: 'acme', sub: 'w_robot', before: BEFORE }], seq: 11 });
    await isRefused('TOKEN_REVOKED', token({ iat: BEFORE - 1, act: { sub: 'w_robot' } }));
    await isRefused('TOKEN_REVOKED', token({ iat: BEFORE - 1, act: { sub: 'w_other', act: { sub: 'w_robot' } } }));
    await isGood(token({ iat: BEFORE, oat: BEFORE - 1, act: { sub: 'w_robot' } }));
    await isGood(token({ iat: BEFORE - 1, act: { sub: 'w_other' } }));
  });

  it('counts from the later of two cut-offs, in whichever order they are', async () => {
    const cut = (before: number): object => ({ tenant: 'acme', before });
    await polled({ revoked_tenants: [cut(BEFORE), cut(BEFORE - 5)], seq: 11 });
    await isRefused('TOKEN_REVOKED', token({ iat: BEFORE - 1 }));
  });

  it('is a key, with all that it signed', async () => {
    const next = makeKey('key-2');
    issuer.keys = [issuer.key.jwk, next.jwk];
    await polled({ revoked_keys: [{ kid: 'key-1', at: BEFORE }], seq: 11 }, next);
    await isRefused('TOKEN_KEY_REVOKED');
    await isGood(token({}, next));
  });

  it('is what a tainted key signed after it had stopped, and nothing before', async () => {
    const next = makeKey('key-2');
    issuer.keys = [issuer.key.jwk, next.jwk];
    await polled({ tainted_keys: [{ kid: 'key-1', at: START_SECONDS }], seq: 11 }, next);
    await isGood();
    runtime.pass(400);
    await isRefused('TOKEN_KEY_REVOKED', token({ iat: START_SECONDS + 361 }));
    await isGood(token({ iat: START_SECONDS + 360 }));
  });

  it('is asked for before the next token where the process slept through its polls', async () => {
    issuer.tell({ revoked_tokens: ['t-1'], seq: 11 });
    runtime.pass(36);
    await isRefused('TOKEN_REVOKED');
  });

  it('is waited for by everybody who comes meanwhile', async () => {
    issuer.tell({ revoked_tokens: ['t-1'], seq: 11 });
    runtime.pass(36);
    await Promise.all(Array.from({ length: 20 }, () => isRefused('TOKEN_REVOKED')));
    await isGood(token({ jti: 't-2' }));
    expect(issuer.asked.cutoffs).toBe(2);
  });
});

describe('A cut-off document', () => {
  const REVOKED = { revoked_tokens: ['t-1'] };

  it('never goes back', async () => {
    await polled({ ...REVOKED, seq: 12 });
    runtime.pass(10);
    await polled({ seq: 11 });
    await isRefused('TOKEN_REVOKED');
    await polled({ seq: 12, iat: START_SECONDS - 1 });
    await isRefused('TOKEN_REVOKED');
    await polled({ seq: 13 });
    await isGood();
  });

  it('goes back in neither of what its sequence is the sum of, from whichever replica it comes', async () => {
    await polled({ ...REVOKED, seq: 12, seq_keys: 4, seq_revocations: 8 });
    for (const behind of [
      { seq: 13, seq_keys: 6, seq_revocations: 7 },
      { seq: 13, seq_keys: 3, seq_revocations: 10 },
    ]) {
      await polled(behind);
      await isRefused('TOKEN_REVOKED');
    }
    await polled({ seq: 13, seq_keys: 4, seq_revocations: 9 });
    await isGood();
  });

  it.each<[string, object, object]>([
    ['with half of its sequences', { seq_keys: 1 }, {}],
    ['of another type', {}, { typ: 'at+jwt' }],
    ['of an algorithm that is not its key’s', {}, { alg: 'RS256' }],
    ['of an unknown key', {}, { kid: 'nobody' }],
    ['of another issuer', { iss: 'https://evil.test' }, {}],
    ['that ended', { exp: START_SECONDS }, {}],
    ['of the future', { iat: START_SECONDS + 61 }, {}],
    ['that lives longer than a day', { exp: START_SECONDS + 86_401 }, {}],
    ['without a sequence', { seq: undefined }, {}],
    ['with a broken sequence', { seq: 10.5 }, {}],
    ['without a list', { revoked_clients: undefined }, {}],
    ['with an entry of another shape', { revoked_subjects: [{ tenant: 'acme', sub: 'u_ana' }] }, {}],
    ['with a token that is none', { revoked_tokens: [7] }, {}],
  ])('is not taken %s', async (_how, changed, header) => {
    issuer.tell(changed, issuer.key, header);
    await isRefused('CUTOFFS_UNAVAILABLE');
  });

  it('is not taken when another key signed it', async () => {
    issuer.tell({}, makeKey('key-1'));
    await isRefused('CUTOFFS_UNAVAILABLE');
  });

  it('is not taken from a redirect, nor above 4 MiB', async () => {
    issuer.answerCutoffs = (request, response) =>
      request.url === '/other' ? response.end(issuer.cutoffs) : response.writeHead(307, { location: '/other' }).end();
    await isRefused('CUTOFFS_UNAVAILABLE');
    issuer.answerCutoffs = (_request, response) => response.end(' '.repeat(4_194_305));
    runtime.pass(5);
    await isRefused('CUTOFFS_UNAVAILABLE');
  });

  it('that a revoked key signed brings nothing back', async () => {
    const next = makeKey('key-2');
    issuer.keys = [issuer.key.jwk, next.jwk];
    await polled({ revoked_keys: [{ kid: 'key-1', at: START_SECONDS }], seq: 11 }, next);
    await polled({ seq: 9_000 });
    await isRefused('TOKEN_KEY_REVOKED');
    // Nor does one that names it no more.
    await polled({ seq: 12 }, next);
    await isRefused('TOKEN_KEY_REVOKED');
    await polled({ seq: 9_001 });
    await polled({ ...REVOKED, seq: 13 }, next);
    await isRefused('TOKEN_REVOKED', token({}, next));
  });

  it('holds as many entries as the service writes', async () => {
    const subjects = Array.from({ length: 4_000 }, (_, n) => ({
      tenant: 'acme',
      sub: `u_${n}`.padEnd(45, 'x'),
      before: START_SECONDS,
    }));
    const tokens = Array.from({ length: 1_000 }, (_, n) => `0b3c8f0e-0000-4000-8000-${String(n).padStart(12, '0')}`);
    issuer.tell({ revoked_subjects: subjects, revoked_tokens: [...tokens, 't-1'] });
    await isRefused('TOKEN_REVOKED');
  });
});

describe('While it is not known what was revoked', () => {
  it('every token is refused, for now, once the last document has ended', async () => {
    await isGood();
    issuer.answerCutoffs = down;
    runtime.pass(3_599);
    await isGood();
    runtime.pass(1);
    await isRefused('CUTOFFS_UNAVAILABLE');
    issuer.answerCutoffs = undefined;
    issuer.tell({ iat: START_SECONDS + 3_600, exp: START_SECONDS + 7_200 });
    runtime.pass(5);
    await isGood();
  });

  it('every token is refused from the start, and the issuer is asked once in 5 s', async () => {
    issuer.answerCutoffs = down;
    for (let call = 0; call < 10; call += 1) await isRefused('CUTOFFS_UNAVAILABLE');
    expect(issuer.asked.cutoffs).toBe(1);
  });

  it('every token is refused by a setting that means nothing', async () => {
    verifier.close();
    verifier = made({ whenCutoffsUnknown: 'goon' as 'go-on' });
    issuer.answerCutoffs = down;
    await isRefused('CUTOFFS_UNAVAILABLE');
  });

  it('work goes on where that was asked for, and what was revoked stays so', async () => {
    verifier.close();
    verifier = made({ whenCutoffsUnknown: 'go-on' });
    issuer.tell({ revoked_tokens: ['t-1'] });
    await isRefused('TOKEN_REVOKED');
    issuer.answerCutoffs = down;
    runtime.pass(3_601);
    await isRefused('TOKEN_REVOKED');
    await isGood(token({ jti: 't-2' }));
  });

  it('work goes on without any document where that was asked for', async () => {
    verifier.close();
    verifier = made({ whenCutoffsUnknown: 'go-on' });
    issuer.answerCutoffs = down;
    await isGood();
    await isGood();
    expect(issuer.asked.cutoffs).toBe(1);
  });
});
