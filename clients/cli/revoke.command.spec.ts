import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import { withManagers } from '../host.js';
import { describeOnPostgres } from '../../test/support/database.js';
import { createServiceLogin, type ServiceLogin } from '../../test/support/service-login.js';
import { loadSettings } from './load-settings.js';
import { addRevokeCommand } from './revoke.command.js';

describeOnPostgres('countersign revoke', (open) => {
  const home = mkdtempSync(join(tmpdir(), 'revoke-command-'));
  const config = join(home, 'settings.json');
  const environmentUrl = process.env['DATABASE_URL'];
  let printed = '';
  let login: ServiceLogin;

  beforeAll(async () => {
    delete process.env['DATABASE_URL'];
    const { settings } = await open();
    createKeyEncryptionKeyFile(join(home, 'kek'));
    login = await createServiceLogin(settings);
    const keys = { keyEncryptionKeyFile: 'kek' };
    const document = { issuer: 'https://auth.example.com', database: { url: login.url }, keys, log: { level: 'silent' } };
    writeFileSync(config, JSON.stringify(document));
    const identity = { issuer: 'idp', id: 'ana' };
    await withManagers(loadSettings(config), async ({ administration, keyring }, context) => {
      await keyring.prepare(context);
      await administration.importDocument(context, {
        apiVersion: 'countersign/v1',
        tenants: [{ slug: 'acme' }],
        issuers: [{ name: 'idp', provider: 'oidc', issuer: 'https://idp.example', tenant: 'acme', audiences: ['api'] }],
        subjects: [{ tenant: 'acme', key: 'ana', kind: 'user', identities: [identity] }],
      });
    });
  }, 60_000);
  afterAll(async () => {
    await login.drop();
    if (environmentUrl !== undefined) process.env['DATABASE_URL'] = environmentUrl;
    rmSync(home, { recursive: true });
  });
  beforeEach(() => {
    printed = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function revoke(...parameters: readonly string[]): Promise<string> {
    const program = new Command().exitOverride();
    addRevokeCommand(program);
    printed = '';
    await program.parseAsync(['revoke', ...parameters, '--config', config], { from: 'user' });
    return printed;
  }
  const because = ['--reason', 'drill'];

  it('says what it would do, does it, and lists it', async () => {
    expect(await revoke('token', 'jti-1', ...because, '--validate-only')).toMatch(/^would revoke token jti-1, kept until /);
    expect(await revoke('list')).toBe('');
    expect(await revoke('token', 'jti-1', ...because)).toMatch(/^revoked token jti-1, kept until /);
    const past = ['--before', '2026-01-01T00:00:00Z'];
    expect(await revoke('tenant', 'acme', ...past, ...because)).toContain('issued before 2026-01-01T00:00:00.000Z');
    expect(await revoke('client', 'portal', ...because)).toContain('warning: there is no active client portal');
    const listed = JSON.parse(await revoke('list', '--json')) as { items: { by: string; because: string }[] };
    expect(listed.items.map(({ by }) => by)).toEqual(['client', 'tenant', 'token']);
    expect(listed.items[0]?.because).toBe('command line: drill');
  });

  it('finds a subject by its key, under both names that it may have', async () => {
    const lines = (await revoke('subject', '--tenant', 'acme', '--key', 'ana', ...because)).trim().split('\n');
    expect(lines).toEqual([expect.stringMatching(/^revoked subject u_.* of acme/), expect.stringMatching(/^revoked subject w_/)]);
  });

  it('refuses what nobody has, and what is not clear', async () => {
    await expect(revoke('tenant', 'nowhere', ...because)).rejects.toMatchObject({ code: 'LIVE_DATA_UNKNOWN' });
    await expect(revoke('subject', '--tenant', 'acme', ...because)).rejects.toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
    await expect(revoke('client', 'x', '--before', 'noon', ...because)).rejects.toMatchObject({ details: { field: 'before' } });
  });
});
