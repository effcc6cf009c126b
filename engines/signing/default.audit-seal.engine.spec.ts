import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import type { KeyAccess, KeyRecord } from '#accessors/key/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { AuditCheckpoint } from './audit-seal.contract.js';
import { DefaultAuditSealEngine } from './default.audit-seal.engine.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'timer' } as const;
const issuer = 'https://auth.example.com';
const checkpoint: AuditCheckpoint = {
  number: 2,
  previous: createHash('sha256').update('x').digest('hex'),
  heads: [{ chain: 'c', sequence: 3, hash: 'ab' }],
  carried: [{ chain: 'd', sequence: 9, hash: 'cd' }],
};

describe('A checkpoint of the audit trail', () => {
  it('reads as it was signed, in any state of the key that signed', async () => {
    const { engine, key, clock } = await build();
    const document = await engine.sealCheckpoint(context, checkpoint, 'ES256');
    for (const state of ['active', 'retiring', 'retired', 'revoked', 'tainted'] as const) {
      expect(await engine.openCheckpoint(context, document, [{ ...key, state }])).toEqual({
        genuine: true,
        checkpoint,
        issuedAt: Math.floor(clock.now() / 1_000),
        kid: key.kid,
        isKeyDistrusted: state === 'revoked' || state === 'tainted',
      });
    }
    expect(engine.digestOf(document)).toBe(createHash('sha256').update(document).digest('hex'));
  });

  it('may be signed by a key that stands by, from its publication on, and by no other that is not active', async () => {
    const { engine, key } = await build();
    const document = await engine.sealCheckpoint(context, checkpoint, 'ES256');
    const opened = (changes: Partial<KeyRecord>) =>
      engine.openCheckpoint(context, document, [{ ...key, state: 'published', activatedAt: null, ...changes }]);
    expect(await opened({ standby: true })).toMatchObject({ genuine: true, checkpoint });
    expect(await opened({})).toEqual({ genuine: false, fault: 'outside-key-window' });
    expect(await opened({ standby: true, publishedAt: null })).toEqual({ genuine: false, fault: 'outside-key-window' });
    expect(await opened({ standby: true, stoppedAt: 1_000 })).toEqual({ genuine: false, fault: 'outside-key-window' });
  });

  it('is refused where a single character is another', async () => {
    const { engine, key } = await build();
    const document = await engine.sealCheckpoint(context, checkpoint, 'ES256');
    for (let at = 0; at < document.length; at += 7) {
      const other = document[at] === 'A' ? 'B' : 'A';
      const { genuine } = await engine.openCheckpoint(context, document.slice(0, at) + other + document.slice(at + 1), [key]);
      expect({ at, genuine }).toEqual({ at, genuine: false });
    }
  });

  it.each([
    ['an access token of ours', { typ: 'at+jwt' }, 'type-mismatch'],
    ['a cut-off document of ours', { typ: 'countersign-cutoff+jwt' }, 'type-mismatch'],
    ['a checkpoint of another installation', { iss: 'https://other.example.com' }, 'issuer-mismatch'],
    ['a document without its claims', { heads: 'none' }, 'malformed'],
    ['a document of an unknown key', { kid: 'other' }, 'key-unknown'],
    ['a document that names another algorithm', { alg: 'none' }, 'key-unknown'],
    ['one from before the key signed', { iat: 1_000 }, 'outside-key-window'],
  ])('is not %s', async (_what, changed, fault) => {
    const { engine, key, signed } = await build();
    expect(await engine.openCheckpoint(context, signed(changed), [key])).toEqual({ genuine: false, fault });
  });

  it('is not of a key that somebody put into the table under the name of another', async () => {
    const { engine, key } = await build();
    const other = await build();
    const document = await other.engine.sealCheckpoint(context, checkpoint, 'ES256');
    const planted = { ...other.key, kid: other.key.kid, jwk: key.jwk };
    expect(await engine.openCheckpoint(context, document, [planted])).toEqual({ genuine: false, fault: 'key-unknown' });
    expect((await engine.openCheckpoint(context, 'a.b', [key])).genuine).toBe(false);
  });
});

async function build() {
  const clock = new ManualClock();
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(jwk);
  const signature = (input: string): string =>
    sign('sha256', Buffer.from(input), {
      key: createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
      dsaEncoding: 'ieee-p1363',
    }).toString('base64url');
  const keyAccess = {
    activeKey: () => ({ kid, algorithm: 'ES256' }),
    signWith: (_context: unknown, _key: unknown, input: string) => signature(input),
  };
  const key: KeyRecord = {
    kid,
    algorithm: 'ES256',
    state: 'active',
    backend: 'local',
    jwk: jwk,
    signsAtOnce: true,
    createdAt: clock.now(),
    publishedAt: clock.now(),
    activatedAt: clock.now(),
    stoppedAt: null,
    endedAt: null,
  };
  const engine = new DefaultAuditSealEngine({ keyAccess: keyAccess as unknown as KeyAccess, clock, issuer });
  const signed = (changed: Readonly<Record<string, unknown>>): string => {
    const { alg = 'ES256', typ = 'countersign-audit-checkpoint+jwt', kid: named = kid, ...claims } = changed;
    const all = { iss: issuer, iat: Math.floor(clock.now() / 1_000), seq: 1, prev: null, heads: [], ...claims };
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${part({ alg, typ, kid: named })}.${part(all)}`;
    return `${input}.${signature(input)}`;
  };
  return { engine, key, clock, signed };
}
