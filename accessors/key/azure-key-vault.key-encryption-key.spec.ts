import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CALM } from '#devkit/key-vault/vault-knobs.js';
import { AzureKeyVaultKeyEncryptionKey } from './azure-key-vault.key-encryption-key.js';
import { LocalSigningBackend } from './backends/local.signing-backend.js';
import { rewrapped, seal, unseal, type SealedPlace } from './envelope.js';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from './file.key-encryption-key.js';
import { VaultScene } from './fixtures/vault-scene.js';
import { KeptKeyEncryptionKey } from './kept.key-encryption-key.js';

const place: SealedPlace = { table: 'signing_key', tenantId: 't', row: 'kid-1', algorithm: 'ES256', purpose: 'token-signing' };
const scene = new VaultScene();
const home = mkdtempSync(join(tmpdir(), 'vault-kek-'));
const parts = () => {
  const { keys, vaultHost } = scene.process();
  return { keys, vaultHost, keyName: 'kek', keyVersion: null };
};
const newVersion = (name: string, kty: 'RSA' | 'EC' = 'RSA') =>
  parts().keys.create(name, { kty, operations: kty === 'RSA' ? ['wrapKey', 'unwrapKey'] : ['sign'], tags: {} });

beforeAll(async () => {
  await scene.start();
  await newVersion('kek');
});
afterAll(async () => {
  await scene.stop();
  rmSync(home, { recursive: true });
});
afterEach(async () => {
  await scene.standIn.turn(CALM);
  scene.clock.advance(60_000);
});

describe('a key-encryption key in a vault', () => {
  it('opens what it sealed, in the same row and in no other', async () => {
    const key = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    const plaintext = randomBytes(138);
    const stored = await seal(key, place, plaintext);
    expect(stored.keyEncryptionKeyId).toMatch(/^azure-key-vault:localhost:\d+\/kek\/[0-9a-f]{32}$/);
    expect(await unseal(key, place, stored)).toEqual(plaintext);
    const refused = { code: 'KEY_UNSEAL_FAILED' };
    await expect(unseal(key, { ...place, row: 'kid-2' }, stored)).rejects.toMatchObject(refused);
    const other = await seal(key, { ...place, row: 'kid-2' }, plaintext);
    await expect(unseal(key, place, { ...stored, wrappedDataKey: other.wrappedDataKey })).rejects.toMatchObject(refused);
  });

  it('gives a data key back for the row that it was wrapped for alone', async () => {
    const key = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    const dataKey = randomBytes(32);
    const wrapped = await key.wrap(dataKey, Buffer.from('row 1'));
    expect(await key.unwrap(wrapped, Buffer.from('row 1'))).toEqual(dataKey);
    await expect(key.unwrap(wrapped, Buffer.from('row 2'))).rejects.toThrow('another place');
  });

  it('opens nothing after a byte of the wrapped data key was changed', async () => {
    const key = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    const stored = await seal(key, place, randomBytes(48));
    for (let at = 0; at < stored.wrappedDataKey.length; at += 37) {
      const wrappedDataKey = Buffer.from(stored.wrappedDataKey);
      wrappedDataKey[at] = (wrappedDataKey[at] ?? 0) ^ 1;
      await expect(unseal(key, place, { ...stored, wrappedDataKey })).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    }
  });

  it('opens under the version that sealed, after the vault has a newer one, and seals under one version', async () => {
    const before = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    const stored = await seal(before, place, Buffer.from('secret'));
    await newVersion('kek');
    expect((await seal(before, place, Buffer.from('x'))).keyEncryptionKeyId).toBe(before.id);
    const after = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    expect(after.id).not.toBe(before.id);
    expect((await unseal(after, place, stored)).toString()).toBe('secret');
    const pinned = { ...parts(), keyVersion: before.id.slice(-32) };
    expect((await new AzureKeyVaultKeyEncryptionKey(pinned).open()).id).toBe(before.id);
  });

  it('does not open under a version that the row does not name', async () => {
    const before = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    const stored = await seal(before, place, Buffer.from('secret'));
    await newVersion('kek');
    const after = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    for (const keyEncryptionKeyId of [after.id, `${after.id.slice(0, -32)}${'0'.repeat(32)}`, 'azure-key-vault:evil/kek/0', '']) {
      await expect(unseal(after, place, { ...stored, keyEncryptionKeyId })).rejects.toMatchObject({
        code: expect.stringMatching(/KEY_UNSEAL_FAILED|VAULT_KEY_NOT_FOUND/),
      });
    }
  });

  it('refuses a key that is not RSA, is disabled or is not there', async () => {
    await newVersion('ec', 'EC');
    await expect(new AzureKeyVaultKeyEncryptionKey({ ...parts(), keyName: 'ec' }).open()).rejects.toMatchObject({
      code: 'VAULT_OPERATION_REFUSED',
    });
    await parts().keys.disable(await newVersion('off'));
    await expect(new AzureKeyVaultKeyEncryptionKey({ ...parts(), keyName: 'off' }).open()).rejects.toMatchObject({
      code: 'VAULT_KEY_DISABLED',
    });
    await expect(new AzureKeyVaultKeyEncryptionKey({ ...parts(), keyName: 'none' }).open()).rejects.toMatchObject({
      code: 'VAULT_KEY_NOT_FOUND',
    });
  });

  it('lets keys that were opened sign at local speed while the vault is away, and takes no call for a signature', async () => {
    const backend = new LocalSigningBackend({ keyEncryptionKey: new AzureKeyVaultKeyEncryptionKey(parts()) });
    const { handle } = await backend.create('ES256');
    await backend.publicKey(handle, 'ES256');
    await scene.standIn.turn({ outage: 'refused' });
    scene.standIn.forgetCounts();
    for (let count = 0; count < 1_000; count += 1)
      expect(Buffer.isBuffer(backend.sign(handle, 'ES256', `a.${count}`))).toBe(true);
    await backend.publicKey(handle, 'ES256');
    expect(scene.standIn.calls()).toBe(0);
  });

  it('says which fault of the vault it is, when a row cannot be opened because the vault is away', async () => {
    const key = await new AzureKeyVaultKeyEncryptionKey(parts()).open();
    const stored = await seal(key, place, Buffer.from('secret'));
    await scene.standIn.turn({ fault: 'rbac' });
    await expect(unseal(key, place, stored)).rejects.toMatchObject({ code: 'VAULT_ROLE_MISSING' });
    await scene.standIn.turn(CALM);
    expect((await unseal(key, place, stored)).toString()).toBe('secret');
  });
});

describe('a change from a file to a vault and back', () => {
  it('opens rows of both while both are configured, and rewraps the data key alone', async () => {
    const path = join(home, 'kek');
    createKeyEncryptionKeyFile(path);
    const file = new FileKeyEncryptionKey(path);
    const vault = new AzureKeyVaultKeyEncryptionKey(parts());
    const stored = await seal(await file.open(), place, Buffer.from('secret'));
    await expect(unseal(await vault.open(), place, stored)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });

    const both = await new KeptKeyEncryptionKey({ current: vault, further: [file] }).open();
    const moved = await rewrapped(both, place, stored);
    expect(moved.sealed).toEqual(stored.sealed);
    expect(moved.keyEncryptionKeyId).toBe(both.id);
    expect((await unseal(await vault.open(), place, moved)).toString()).toBe('secret');

    const back = await new KeptKeyEncryptionKey({ current: file, further: [vault] }).open();
    expect((await unseal(await file.open(), place, await rewrapped(back, place, moved))).toString()).toBe('secret');
  });
});
