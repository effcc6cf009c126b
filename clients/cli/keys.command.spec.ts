import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import type { KeyringStatus } from '#managers/keyring/contract.js';
import { describeOnPostgres } from '../../test/support/database.js';
import { createServiceLogin, type ServiceLogin } from '../../test/support/service-login.js';
import { addKeysCommand } from './keys.command.js';

describeOnPostgres('countersign keys', (open) => {
  const home = mkdtempSync(join(tmpdir(), 'keys-command-'));
  const config = join(home, 'settings.json');
  const environmentUrl = process.env['DATABASE_URL'];
  let printed: string[] = [];
  let login: ServiceLogin;

  beforeAll(async () => {
    delete process.env['DATABASE_URL'];
    const { settings } = await open();
    createKeyEncryptionKeyFile(join(home, 'kek'));
    login = await createServiceLogin(settings);
    const { url } = login;
    const document = {
      issuer: 'https://auth.example.com',
      database: { url },
      keys: { keyEncryptionKeyFile: 'kek' },
      log: { level: 'silent' },
    };
    writeFileSync(config, JSON.stringify(document));
  });
  afterAll(async () => {
    await login.drop();
    if (environmentUrl !== undefined) process.env['DATABASE_URL'] = environmentUrl;
    rmSync(home, { recursive: true });
  });
  beforeEach(() => {
    printed = [];
    jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function keys(...parameters: readonly string[]): Promise<string> {
    const program = new Command().exitOverride();
    addKeysCommand(program);
    await program.parseAsync(['keys', ...parameters, '--config', config], { from: 'user' });
    return printed.splice(0).join('\n');
  }

  const status = async (): Promise<KeyringStatus> => JSON.parse(await keys('status', '--json')) as KeyringStatus;

  it('brings an empty ring to life, rotates, stops a key and shows it all', async () => {
    expect((await status()).keys).toEqual([]);
    expect(await keys('break-glass', '--reason', 'drill', '--validate-only')).toContain('would be done:');
    expect((await status()).keys).toEqual([]);

    expect(await keys('break-glass', '--reason', 'first key')).toMatch(/^done:\n.*activate {2}ES256/);
    const [first] = (await status()).keys;
    expect(first).toMatchObject({ state: 'active', signsAtOnce: true, backend: 'local' });

    const rotated = await keys('rotate', '--algorithm', 'ES256');
    expect(rotated).toMatch(/done:\n.*stage.*\n.*publish.*\nnext:\n.*activate/);
    expect(await keys('list')).toMatch(/active since \d{4}-\d\d-\d\dT[\d:]{8}Z {2}\(local, signed at once\)\n.*published since/);

    const revoked = await keys('revoke', first?.kid ?? '', '--reason', 'stolen');
    expect(revoked).toContain('no token that was issued under the key is known');
    expect(revoked).toMatch(/sdk: until .*cut-offs/);
    expect((await status()).keys.map(({ state }) => state)).toEqual(['revoked', 'active']);
  });

  it('exports public keys and no other', async () => {
    const pem = await keys('export-public');
    expect(createPublicKey(pem).type).toBe('public');
    expect(await keys('export-public', '--json')).not.toMatch(/PRIVATE|"d\\?"/);
    await expect(keys('export-public', 'nobody')).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
  });

  it('takes a private key from a file or through a pipe; it waits like any other before it signs', async () => {
    const pem = (): string => String(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const file = join(home, 'own.pem');
    writeFileSync(file, pem(), { mode: 0o600 });
    const wanted = ['--algorithm', 'Ed25519', '--file'];
    const before = (await status()).keys.length;
    expect(await keys('import', ...wanted, file, '--validate-only')).toContain('would be done:');
    expect((await status()).keys).toHaveLength(before);

    expect(await keys('import', ...wanted, file)).toMatch(/^done:\n.*publish {2}Ed25519/);
    expect((await status()).keys.at(-1)).toMatchObject({
      state: 'published',
      backend: 'local',
      signsAtOnce: false,
      activatedAt: null,
    });
    await expect(keys('import', ...wanted, file)).rejects.toMatchObject({ code: 'KEY_IMPORT_REFUSED' });

    const standardInput = Object.getOwnPropertyDescriptor(process, 'stdin');
    Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from([Buffer.from(pem())]) });
    expect(await keys('import', ...wanted, '-')).toContain('publish');
    if (standardInput !== undefined) Object.defineProperty(process, 'stdin', standardInput);
    expect((await status()).keys).toHaveLength(before + 2);
  });

  it('takes no private key that others may read, and none as an argument', async () => {
    const file = join(home, 'open.pem');
    writeFileSync(file, 'x', { mode: 0o644 });
    const wanted = ['--algorithm', 'ES256'];
    await expect(keys('import', ...wanted, '--file', file)).rejects.toMatchObject({
      code: 'KEY_IMPORT_REFUSED',
      details: { actual: expect.stringContaining('expected 0400 or 0600') },
    });
    await expect(keys('import', ...wanted, '--file', join(home, 'absent'))).rejects.toMatchObject({ code: 'KEY_IMPORT_REFUSED' });
    await expect(keys('import', ...wanted)).rejects.toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
    await expect(keys('import', ...wanted, '--file', file, '--backend', 'file')).rejects.toMatchObject({
      code: 'REQUEST_PARAMETER_INVALID',
    });
  });

  it('refuses an algorithm that there is not, and a backend that is not there', async () => {
    await expect(keys('rotate', '--algorithm', 'none')).rejects.toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
    const wanted = ['--algorithm', 'ES256', '--backend', 'nowhere', '--reference', 'r'];
    await expect(keys('import', ...wanted)).rejects.toMatchObject({ code: 'KEY_IMPORT_REFUSED' });
  });
});
