import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import { describeOnPostgres } from '../../test/support/database.js';
import { createServiceLogin, type ServiceLogin } from '../../test/support/service-login.js';
import { withManagers } from '../host.js';
import { loadSettings } from './load-settings.js';
import { addTokenCommand } from './token.command.js';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describeOnPostgres('countersign token inspect', (open) => {
  const home = mkdtempSync(join(tmpdir(), 'token-command-'));
  const config = join(home, 'settings.json');
  const file = join(home, 'token');
  const environmentUrl = process.env['DATABASE_URL'];
  let login: ServiceLogin;

  beforeAll(async () => {
    delete process.env['DATABASE_URL'];
    const { settings } = await open();
    createKeyEncryptionKeyFile(join(home, 'kek'));
    login = await createServiceLogin(settings);
    const keys = { keyEncryptionKeyFile: 'kek' };
    const document = { issuer: 'https://auth.example.com', database: { url: login.url }, keys, log: { level: 'silent' } };
    writeFileSync(config, JSON.stringify(document));
    await withManagers(loadSettings(config), ({ administration }, context) =>
      administration.importDocument(context, {
        apiVersion: 'countersign/v1',
        tenants: [{ slug: 'acme' }],
        issuers: [{ name: 'idp', provider: 'oidc', issuer: 'https://idp.example', tenant: 'acme', audiences: ['api'] }],
      }),
    );
  }, 60_000);
  afterAll(async () => {
    process.exitCode = 0;
    await login.drop();
    if (environmentUrl !== undefined) process.env['DATABASE_URL'] = environmentUrl;
    rmSync(home, { recursive: true });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function inspect(text: string, ...parameters: readonly string[]): Promise<string> {
    writeFileSync(file, text);
    let printed = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((more) => {
      printed += String(more);
      return true;
    });
    const program = new Command().exitOverride();
    addTokenCommand(program);
    process.exitCode = 0;
    await program.parseAsync(['token', 'inspect', '--file', file, '--config', config, ...parameters], { from: 'user' });
    return printed;
  }

  it('takes a token out of a header, says what is wrong with it, and ends with 1', async () => {
    const token = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: 'https://idp.example/', sub: 'ana' })}.${part('signature')}`;
    const printed = await inspect(`Authorization: Bearer ${token}\n`);
    expect(process.exitCode).toBe(1);
    expect(printed).toContain('ISSUER_UNTRUSTED (trusted-issuer)');
    expect(printed).toContain('not proven');
    expect(printed).toContain('SKIP  signature');
    expect(printed).not.toContain(part('signature'));
    expect(JSON.parse(await inspect(token, '--json'))).toMatchObject({ accepted: false, token: { claims: { sub: 'ana' } } });
  });

  it.each([
    ['nothing', ''],
    ['more than any token', 'x'.repeat(70_000)],
  ])('takes %s for no token', async (_name, text) => {
    await expect(inspect(text)).rejects.toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
  });

  it('says that there is no such client', async () => {
    await expect(inspect('a.b.c', '--client', 'nobody')).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
  });
});
