import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import type { SigningAlgorithm } from './contract.js';
import { createKeyEncryptionKeyFile } from './file.key-encryption-key.js';
import { insertKey, keyProcess, type KeyProcess, makeKey } from './fixtures/key-room.fixture.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'timer' } as const;
const unavailable = expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' });
const directory = mkdtempSync(join(tmpdir(), 'keyring-follow-'));
const keyFile = join(directory, 'kek');
createKeyEncryptionKeyFile(keyFile);
afterAll(() => rmSync(directory, { recursive: true }));

/** What RFC 7517, 7518 and 8037 call public, and what we say about every key. */
const SHOWN: Readonly<Record<SigningAlgorithm, readonly string[]>> = {
  ES256: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
  RS256: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
  PS256: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
  Ed25519: ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
};

describeOnEachDatabase('A process that follows the keyring', (open) => {
  let database: OpenDatabase;
  let process: KeyProcess;
  beforeAll(async () => {
    database = (await open()).database;
  });
  beforeEach(async () => {
    for (const table of ['signing_key', 'installation_secret', 'keyring_epoch']) await database.query(`delete from ${table}`);
    process = keyProcess(database, { keyFile });
    await process.keyAccess.prepare(context);
  });
  afterEach(() => process.keyAccess.onModuleDestroy());

  const stop = (state: string): Promise<unknown> =>
    database.query(`update signing_key set state = $1, sealed = null, wrapped_data_key = null, stopped_at = now()`, [state]);
  const kidOf = (): string => process.keyAccess.activeKey(context, 'ES256').kid;

  it('publishes exactly the public members of each algorithm', async () => {
    for (const algorithm of ['RS256', 'PS256', 'Ed25519'] as const) {
      await insertKey(database, 'active', await makeKey(database, keyFile, algorithm));
    }
    await process.keyAccess.refresh();
    const published = await process.keyAccess.publishedKeys(context);
    expect(published).toHaveLength(4);
    for (const { kid, jwk } of published) {
      const shown = Object.entries(SHOWN).find(([algorithm]) => algorithm === jwk.alg)?.[1];
      expect(Object.keys(jwk).sort()).toEqual(shown);
      expect(await calculateJwkThumbprint({ ...jwk })).toBe(kid);
    }
  });

  it('hears of a change and takes it in', async () => {
    await stop('tainted');
    process.changeFeed.observe();
    await until('it signs no more', () => {
      try {
        return kidOf() === '';
      } catch {
        return true;
      }
    });
    expect(await process.keyAccess.publishedKeys(context)).toHaveLength(1);
  });

  it('stops signing and vouching when it could not confirm the keyring for 5 minutes, and serves the key set on', async () => {
    const kid = kidOf();
    process.changeFeed.age = 300_000;
    expect(kidOf()).toBe(kid);
    process.changeFeed.age = 300_001;
    expect(kidOf).toThrow(unavailable);
    expect(() => process.keyAccess.signWith(context, { kid, algorithm: 'ES256' }, 'a.b')).toThrow(unavailable);
    expect(() => process.keyAccess.verificationKey(context, kid)).toThrow(unavailable);
    expect(await process.keyAccess.publishedKeys(context)).toHaveLength(1);
    process.changeFeed.age = 0;
    expect(kidOf()).toBe(kid);
  });

  it('stops too when it hears of changes that it cannot read for 5 minutes', async () => {
    const kid = kidOf();
    await asOwner(database, 'alter table signing_key rename to signing_key_away');
    await process.keyAccess.refresh();
    process.clock.advance(300_000);
    expect(kidOf()).toBe(kid);
    process.clock.advance(1);
    expect(kidOf).toThrow(unavailable);
    await asOwner(database, 'alter table signing_key_away rename to signing_key');
    await process.keyAccess.refresh();
    expect(kidOf()).toBe(kid);
  });

  it('drops a key that was revoked though another row does not open', async () => {
    const kid = kidOf();
    await stop('revoked');
    const planted = await makeKey(database, keyFile);
    await insertKey(database, 'published', { ...planted, publicProof: Buffer.alloc(32) });
    await process.keyAccess.refresh();
    expect(kidOf).toThrow(unavailable);
    expect((await process.keyAccess.publishedKeys(context)).map((key) => key.kid)).toEqual([]);
    expect(process.keyAccess.verificationKey(context, kid)).toBeUndefined();
  });

  it('gives a key from before proofs one of its own, so that it can be known when its private half is gone', async () => {
    await database.query('update signing_key set public_proof = null');
    await keyProcess(database, { keyFile }).keyAccess.prepare(context);
    await stop('retiring');
    const again = keyProcess(database, { keyFile });
    await again.keyAccess.prepare(context);
    expect(await again.keyAccess.publishedKeys(context)).toHaveLength(1);
  });

  it('keeps the same array and the same key while nothing changed', async () => {
    const [published, active] = [await process.keyAccess.publishedKeys(context), process.keyAccess.activeKey(context, 'ES256')];
    await process.keyAccess.refresh();
    expect(await process.keyAccess.publishedKeys(context)).toBe(published);
    expect(process.keyAccess.activeKey(context, 'ES256')).toBe(active);
  });
});
