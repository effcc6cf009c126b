import { beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { GenerateKeyPairResult, JWK, JWTPayload } from 'jose';
import { AnswerCheck } from './answer.check.js';

const sampledAt = 64;
const audience = 'https://api.example';
const issuer = 'https://auth.example';
const subjects = [
  { token: 'a', permissions: ['a:b:c'] },
  { token: 'b', permissions: ['a:b:c'] },
];
const world = { subjects, clientId: 'c', clientSecret: 's', audience, refused: [] };

let keys: GenerateKeyPairResult;
let foreignKeys: GenerateKeyPairResult;
let jwk: JWK;

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  foreignKeys = await generateKeyPair('ES256');
  jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k' };
});

let tokenId = 0;

async function answer(claims: JWTPayload = {}, key = keys.privateKey) {
  tokenId += 1;
  const token = new SignJWT({ sub: 'u_1', permissions: ['a:b:c'], jti: String(tokenId), iss: issuer, aud: audience, ...claims });
  const signed = await token.setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k' }).setExpirationTime('5m').sign(key);
  return {
    access_token: signed,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 300,
  };
}

/** Hands in each answer so often that it is sampled, and says what was found. */
async function judged(...answers: { readonly subject: number; readonly answer: Awaited<ReturnType<typeof answer>> }[]) {
  const check = new AnswerCheck({ issuer, jwks: { keys: [jwk] }, permissions: null }, world);
  for (const each of answers) for (let turn = 0; turn < sampledAt; turn += 1) check.accept(each.subject, each.answer);
  await check.verifySamples();
  return { verified: check.verified, texts: check.errorTexts.join('; ') };
}

describe('the full check of a sample', () => {
  it('verifies good answers', async () => {
    const answers = [
      { subject: 0, answer: await answer() },
      { subject: 1, answer: await answer({ sub: 'u_2' }) },
    ];
    expect(await judged(...answers)).toEqual({ verified: 2, texts: '' });
  });

  it('finds a token that is handed out twice', async () => {
    const kept = await answer();
    expect((await judged({ subject: 0, answer: kept }, { subject: 0, answer: kept })).texts).toContain('used twice');
  });

  it('finds two subjects under one sub', async () => {
    const answers = [
      { subject: 0, answer: await answer() },
      { subject: 1, answer: await answer() },
    ];
    expect((await judged(...answers)).texts).toContain('two subjects share one');
  });

  it('finds wrong permissions, a foreign key, another issuer and another audience', async () => {
    expect((await judged({ subject: 0, answer: await answer({ permissions: ['a:b:d'] }) })).texts).toContain('permissions are');
    expect((await judged({ subject: 0, answer: await answer({}, foreignKeys.privateKey) })).texts).toContain('does not verify');
    expect((await judged({ subject: 0, answer: await answer({ iss: 'https://other.example' }) })).texts).toContain('"iss"');
    expect((await judged({ subject: 0, answer: await answer({ aud: 'https://other.example' }) })).texts).toContain('"aud"');
  });

  it('is not content with nothing to verify', async () => {
    expect((await judged()).texts).toContain('no issued token was verified');
  });
});

describe('the check of every answer', () => {
  it('wants a whole answer', async () => {
    const good = await answer();
    const faulty = [
      { ...good, access_token: 'a.b.c' },
      { ...good, access_token: undefined },
      { ...good, token_type: 'N_A' },
      { ...good, expires_in: 0 },
      { ...good, issued_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
    ];
    const check = new AnswerCheck({ issuer, jwks: { keys: [jwk] }, permissions: null }, world);
    for (const each of faulty) check.accept(0, each);
    expect(check.errors).toBe(faulty.length);
  });
});
