import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { seal } from '../envelope.js';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from '../file.key-encryption-key.js';
import type { KeyEncryptionKeyProvider, Sealed } from '../key-encryption-key.contract.js';
import { generateKeyPairFor } from '../key-pair.js';
import type { KeyHandle } from '../signing-backend.contract.js';
import { LocalSigningBackend } from './local.signing-backend.js';

const home = mkdtempSync(join(tmpdir(), 'local-backend-'));
const path = join(home, 'kek');
createKeyEncryptionKeyFile(path);
const keyEncryptionKey = new FileKeyEncryptionKey(path);
afterAll(() => rmSync(home, { recursive: true }));

const altered = (sealed: Sealed, column: 'sealed' | 'wrappedDataKey'): Sealed => {
  const bytes = Buffer.from(sealed[column]);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return { ...sealed, [column]: bytes };
};

describe('LocalSigningBackend', () => {
  it.each(['sealed', 'wrappedDataKey'] as const)(
    'opens an altered row anew, also for a key that it knows: %s',
    async (column) => {
      const backend = new LocalSigningBackend({ keyEncryptionKey });
      const { handle } = await backend.create('ES256');
      await backend.publicKey(handle, 'ES256');
      const changed = { ...handle, sealed: altered(sealedOf(handle), column) };
      await expect(backend.publicKey(changed, 'ES256')).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    },
  );

  it('opens a row once for as long as it is the same', async () => {
    let opened = 0;
    const counting: KeyEncryptionKeyProvider = {
      name: 'file',
      open: () => {
        opened += 1;
        return keyEncryptionKey.open();
      },
    };
    const backend = new LocalSigningBackend({ keyEncryptionKey: counting });
    const { handle } = await backend.create('ES256');
    opened = 0;
    for (let count = 0; count < 5; count += 1) await backend.publicKey(structuredCloneOf(handle), 'ES256');
    expect(opened).toBe(1);
  });

  it('opens no key that was sealed in the place of another', async () => {
    const backend = new LocalSigningBackend({ keyEncryptionKey });
    const { handle } = await backend.create('ES256');
    const { privateKey } = await generateKeyPairFor('ES256');
    const place = {
      table: 'signing_key',
      tenantId: PLATFORM_TENANT,
      row: handle.reference,
      algorithm: 'ES256',
      purpose: 'token-signing',
    } as const;
    const sealed = await seal(await keyEncryptionKey.open(), place, privateKey.export({ format: 'der', type: 'pkcs8' }));
    await expect(backend.publicKey({ ...handle, sealed }, 'ES256')).rejects.toMatchObject({
      code: 'KEY_UNSEAL_FAILED',
      details: { internal: expect.stringContaining('thumbprint') },
    });
  });

  it('does not sign with a key whose sealed half is gone', async () => {
    const { handle } = await new LocalSigningBackend({ keyEncryptionKey }).create('Ed25519');
    const backend = new LocalSigningBackend({ keyEncryptionKey });
    await expect(backend.publicKey({ ...handle, sealed: null }, 'Ed25519')).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
  });

  it('answers at once with elliptic curves and later with RSA', async () => {
    const backend = new LocalSigningBackend({ keyEncryptionKey });
    for (const algorithm of ['ES256', 'Ed25519', 'RS256', 'PS256'] as const) {
      const { handle } = await backend.create(algorithm);
      await backend.publicKey(handle, algorithm);
      const signature = backend.sign(handle, algorithm, 'a.b');
      expect(Buffer.isBuffer(signature)).toBe(algorithm === 'ES256' || algorithm === 'Ed25519');
      await signature;
    }
  });

  it('shows nothing private when it is looked at', async () => {
    const backend = new LocalSigningBackend({ keyEncryptionKey });
    const { handle } = await backend.create('ES256');
    await backend.publicKey(handle, 'ES256');
    expect(inspect(backend, { depth: null })).not.toMatch(/PRIVATE KEY-----|\bd: '/);
  });
});

function sealedOf({ sealed }: KeyHandle): Sealed {
  if (sealed === null) throw new Error('nothing sealed');
  return sealed;
}

function structuredCloneOf(handle: KeyHandle): KeyHandle {
  const sealed = sealedOf(handle);
  const bytes = { sealed: Buffer.from(sealed.sealed), wrappedDataKey: Buffer.from(sealed.wrappedDataKey) };
  return { ...handle, sealed: { ...sealed, ...bytes } };
}
