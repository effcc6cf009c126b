import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decrypt, encrypt } from './authenticated-encryption.js';
import { seal, unseal, type Sealed, type SealedPlace } from './envelope.js';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from './file.key-encryption-key.js';
import type { KeyEncryptionKey } from './key-encryption-key.contract.js';

const place: SealedPlace = { table: 'signing_key', tenantId: 't', row: 'kid-1', algorithm: 'ES256', purpose: 'token-signing' };

describe('Envelope', () => {
  const directory = mkdtempSync(join(tmpdir(), 'envelope-'));
  let key: KeyEncryptionKey;
  let otherKey: KeyEncryptionKey;

  beforeAll(async () => {
    key = await newKey(join(directory, 'one'));
    otherKey = await newKey(join(directory, 'two'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('opens what it sealed, in the same row', async () => {
    const plaintext = randomBytes(138);
    const stored = await seal(key, place, plaintext);
    expect(await unseal(key, place, stored)).toEqual(plaintext);
  });

  it('never makes the same bytes twice', async () => {
    const plaintext = Buffer.alloc(138);
    const [one, two] = [await seal(key, place, plaintext), await seal(key, place, plaintext)];
    expect(one.sealed.equals(two.sealed)).toBe(false);
    expect(one.wrappedDataKey.equals(two.wrappedDataKey)).toBe(false);
  });

  it('opens nothing after any one bit of any stored byte was changed', async () => {
    const stored = await seal(key, place, randomBytes(48));
    for (const column of ['sealed', 'wrappedDataKey'] as const) {
      for (let at = 0; at < stored[column].length; at += 1) {
        const bytes = Buffer.from(stored[column]);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        await expectRefused(unseal(key, place, { ...stored, [column]: bytes }));
      }
    }
  });

  it('opens in no other place', async () => {
    const stored = await seal(key, place, randomBytes(48));
    const others: Partial<SealedPlace>[] = [
      { table: 'installation_secret' },
      { tenantId: 'u' },
      { row: 'kid-2' },
      { algorithm: 'ES384' },
      { purpose: 'x' },
      // The same characters, cut in other places.
      { row: 'kid-1E', algorithm: 'S256' },
      { tenantId: 'tk', row: 'id-1' },
    ];
    for (const other of others) await expectRefused(unseal(key, { ...place, ...other }, stored));
  });

  it('opens nothing with the data key or the value of another row', async () => {
    const one = await seal(key, place, randomBytes(48));
    const two = await seal(key, { ...place, row: 'kid-2' }, randomBytes(48));
    await expectRefused(unseal(key, place, { ...one, sealed: two.sealed }));
    await expectRefused(unseal(key, place, { ...one, wrappedDataKey: two.wrappedDataKey }));
    await expectRefused(unseal(key, place, two));
  });

  it('opens nothing under another key-encryption key, whatever id the row claims', async () => {
    const stored = await seal(key, place, randomBytes(48));
    await expectRefused(unseal(otherKey, place, stored));
    await expectRefused(unseal(otherKey, place, { ...stored, keyEncryptionKeyId: otherKey.id }));
    await expectRefused(unseal(key, place, { ...stored, keyEncryptionKeyId: otherKey.id }));
  });

  it('binds the data key to the key-encryption key by its id, and the value of the current format does not', async () => {
    const bound: string[] = [];
    const watched = (id: string): KeyEncryptionKey => ({
      id,
      wrap: (dataKey, boundTo) => {
        bound.push(boundTo.toString('latin1'));
        return key.wrap(dataKey, Buffer.alloc(0));
      },
      unwrap: (wrapped) => key.unwrap(wrapped, Buffer.alloc(0)),
      withId: () => watched(id),
    });
    const stored = await seal(watched('kek-one'), place, Buffer.from('secret'));
    expect(bound[0]).toContain('kek-one');
    expect((await unseal(watched('kek-two'), place, { ...stored, keyEncryptionKeyId: 'kek-two' })).toString()).toBe('secret');
  });

  it('refuses a format version that it does not know', async () => {
    const stored = await seal(key, place, randomBytes(48));
    for (const formatVersion of [0, 1, 3]) await expectRefused(unseal(key, place, { ...stored, formatVersion }));
  });

  it('refuses truncated and missing bytes', async () => {
    const stored = await seal(key, place, randomBytes(48));
    for (const cut of [1, 4, 8, 12, 16, 40, stored.sealed.length]) {
      await expectRefused(unseal(key, place, { ...stored, sealed: stored.sealed.subarray(cut) }));
      await expectRefused(unseal(key, place, { ...stored, sealed: stored.sealed.subarray(0, -cut) }));
    }
  });

  it('says in its error which row, and nothing of the content', async () => {
    const plaintext = Buffer.from('canary-canary-canary-canary');
    const stored: Sealed = await seal(key, place, plaintext);
    const error: unknown = await unseal(otherKey, place, stored).catch((thrown: unknown) => thrown);
    const shown = inspect(error, { depth: null });
    expect(shown).toContain('kid-1');
    for (const form of ['utf8', 'hex', 'base64', 'base64url'] as const) expect(shown).not.toContain(plaintext.toString(form));
  });

  async function expectRefused(opening: Promise<unknown>): Promise<void> {
    await expect(opening).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
  }
});

describe('Authenticated encryption', () => {
  it('refuses tags of 4, 8 and 12 bytes that are right as far as they go', () => {
    const key = randomBytes(32);
    const iv = randomBytes(12);
    for (const authTagLength of [4, 8, 12]) {
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength }).setAAD(Buffer.from('a'));
      const sealed = Buffer.concat([iv, cipher.update(randomBytes(48)), cipher.final(), cipher.getAuthTag()]);
      expect(() => decrypt(key, sealed, Buffer.from('a'))).toThrow();
    }
  });

  it('draws a fresh 96-bit IV for each write', () => {
    const key = randomBytes(32);
    const ivs = new Set(
      Array.from({ length: 200 }, () => encrypt(key, Buffer.alloc(1), Buffer.alloc(0)).subarray(0, 12).toString('hex')),
    );
    expect(ivs.size).toBe(200);
  });
});

function newKey(path: string): Promise<KeyEncryptionKey> {
  createKeyEncryptionKeyFile(path);
  return new FileKeyEncryptionKey(path).open();
}
