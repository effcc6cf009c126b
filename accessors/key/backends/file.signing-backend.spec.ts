import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { CreatedKey } from '../signing-backend.contract.js';
import { FileSigningBackend } from './file.signing-backend.js';

describe('FileSigningBackend', () => {
  const clock = new ManualClock();
  let directory = '';
  let backend: FileSigningBackend;
  let created: CreatedKey;
  const file = (): string => join(directory, 'first.es256.pem');
  const sign = async (): Promise<Buffer> => backend.sign(created.handle, 'ES256', 'a.b');

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'file-backend-'));
    backend = new FileSigningBackend({ directory, clock });
    created = await backend.create('ES256', 'first');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('keeps a key in a file that its owner alone may read, and leaves nothing else behind', () => {
    expect(readdirSync(directory)).toEqual(['first.es256.pem']);
    expect(statSync(file()).mode & 0o777).toBe(0o400);
  });

  it('makes one key when processes make it at the same time', async () => {
    const backends = Array.from({ length: 6 }, () => new FileSigningBackend({ directory, clock }));
    const made = await Promise.all(backends.map((each) => each.create('ES256', 'raced')));
    expect(new Set(made.map(({ handle }) => handle.reference)).size).toBe(1);
    expect(readdirSync(directory).sort()).toEqual(['first.es256.pem', 'raced.es256.pem']);
  });

  it('signs with a key that others put there, as PEM or as JWK', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(join(directory, 'theirs.jwk'), JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: 0o400 });
    const refused = await backend
      .publicKey({ reference: 'theirs.jwk#?', sealed: null }, 'PS256')
      .catch((thrown: unknown) => thrown);
    // The refusal tells the thumbprint, which is what the reference lacks.
    const { details } = refused as { details: { internal: string } };
    const thumbprint = /holds the key ([\w-]{43})/.exec(details.internal)?.[1] ?? '';
    const reference = `theirs.jwk#${thumbprint}`;
    expect(await backend.publicKey({ reference, sealed: null }, 'PS256')).toMatchObject({ kty: 'RSA' });
    expect((await backend.sign({ reference, sealed: null }, 'PS256', 'a.b')).length).toBe(256);
  });

  it.each([0o444, 0o440, 0o404, 0o420, 0o666])(
    'stops signing within two seconds when others may read or write the file: mode %i',
    async (mode) => {
      chmodSync(file(), mode);
      clock.advance(2_000);
      await expect(sign()).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
      chmodSync(file(), 0o400);
      expect((await sign()).length).toBe(64);
    },
  );

  it('stops signing within two seconds when the file is gone, and goes on when it is back', async () => {
    await sign();
    renameSync(file(), join(directory, 'away'));
    expect((await sign()).length).toBe(64);
    clock.advance(2_000);
    await expect(sign()).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
    renameSync(join(directory, 'away'), file());
    expect((await sign()).length).toBe(64);
  });

  it('does not sign under the old name with another key', async () => {
    await sign();
    await backend.create('ES256', 'second');
    renameSync(join(directory, 'second.es256.pem'), file());
    clock.advance(2_000);
    await expect(sign()).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
  });

  it('does not read the file again for each signature', async () => {
    await sign();
    expect(Buffer.isBuffer(backend.sign(created.handle, 'ES256', 'a.b'))).toBe(true);
  });

  it('reads the same key from a file that was written anew', async () => {
    const pem = readFileSync(file());
    rmSync(file());
    writeFileSync(file(), pem, { mode: 0o600 });
    clock.advance(2_000);
    expect((await sign()).length).toBe(64);
  });

  it.each(['../first.es256.pem', '/etc/passwd', 'first.es256.pem', '.hidden.pem#x', 'first.es256.pem#a#b', 'a/b.pem#x'])(
    'opens no file by the reference %s',
    async (reference) => {
      await expect(backend.publicKey({ reference, sealed: null }, 'ES256')).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    },
  );

  it('refuses what is not a regular file, is too large or holds no key', async () => {
    const [, thumbprint] = created.handle.reference.split('#');
    symlinkSync('/dev/zero', join(directory, 'device.pem'));
    writeFileSync(join(directory, 'large.pem'), 'x'.repeat(20_000), { mode: 0o400 });
    writeFileSync(join(directory, 'text.pem'), 'not a key', { mode: 0o400 });
    for (const name of ['device.pem', 'large.pem', 'text.pem']) {
      const refused = { code: expect.stringMatching(/SIGNING_UNAVAILABLE|KEY_UNSEAL_FAILED/) };
      await expect(backend.publicKey({ reference: `${name}#${thumbprint}`, sealed: null }, 'ES256')).rejects.toMatchObject(
        refused,
      );
    }
  });
});
