import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import { describeOnPostgres } from '../../test/support/database.js';
import { createServiceLogin, type ServiceLogin } from '../../test/support/service-login.js';
import { addClientCommand } from './client.command.js';

describeOnPostgres('countersign client', (open) => {
  const home = mkdtempSync(join(tmpdir(), 'client-command-'));
  const config = join(home, 'settings.json');
  const environmentUrl = process.env['DATABASE_URL'];
  let printed = '';
  let login: ServiceLogin;

  beforeAll(async () => {
    delete process.env['DATABASE_URL'];
    const { settings } = await open();
    login = await createServiceLogin(settings);
    createKeyEncryptionKeyFile(join(home, 'kek'));
    const document = { issuer: 'https://auth.example.com', database: { url: login.url }, keys: { keyEncryptionKeyFile: 'kek' } };
    writeFileSync(config, JSON.stringify({ ...document, log: { level: 'silent' } }));
    writeFileSync(join(home, 'client.yaml'), 'clientId: orders\n');
  });
  afterAll(async () => {
    rmSync(home, { recursive: true });
    if (environmentUrl !== undefined) process.env['DATABASE_URL'] = environmentUrl;
    await login.drop();
  });
  beforeEach(() => {
    printed = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  });
  afterEach(() => void jest.restoreAllMocks());

  const run = async (...words: readonly string[]): Promise<string> => {
    printed = '';
    const program = new Command().exitOverride();
    addClientCommand(program);
    await program.parseAsync(['client', ...words, '--config', config], { from: 'user' });
    return printed;
  };

  it('registers, lists, gives and takes secrets, shuts out and lets in', async () => {
    expect(await run('list')).toBe('there are none\n');
    const file = join(home, 'client.yaml');
    expect(await run('put', file, '--validate-only')).toBe('created   client orders\n');
    expect(await run('list')).toBe('there are none\n');
    expect(await run('put', file)).toBe('created   client orders\n');
    expect(await run('secret', 'add', 'orders', '--validate-only')).toContain('nothing was changed');
    const added = await run('secret', 'add', 'orders', '--days', '10');
    const [, secret = '', id = ''] = /client_secret: (cs_[\w-]{43})\nsecret ([0-9a-f]{12}),/.exec(added) ?? [];
    expect(secret).not.toBe('');
    const listed = await run('list');
    expect(listed).toContain(`secret ${id}  since`);
    expect(listed).toContain('warning: its last secret ends in 10 days');
    expect(listed).not.toContain(secret);
    expect(JSON.parse(await run('show', 'orders', '--json'))).toMatchObject({ clientId: 'orders', secrets: [{ id }] });
    expect(await run('disable', 'orders')).toBe('updated   client orders\n');
    expect(await run('show', 'orders')).toContain('orders  confidential  disabled');
    expect(await run('enable', 'orders')).toBe('updated   client orders\n');
    expect(await run('secret', 'remove', 'orders', id)).toContain('removed');
    await expect(run('secret', 'remove', 'orders', id)).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
  });
});
