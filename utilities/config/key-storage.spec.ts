import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { Settings } from './contract.js';
import { redactedSettings } from './redacted-settings.js';
import { parseSettings } from './settings.loader.js';

const folder = mkdtempSync(join(tmpdir(), 'key-storage-'));
for (const name of ['kek', 'old-kek', 'secret']) writeFileSync(join(folder, name), 'x');
afterAll(() => rmSync(folder, { recursive: true }));

const REST = 'issuer: https://auth.example.com\ndatabase: { url: postgres://db/x }\n';
const VAULT = 'vault: { url: "https://contoso.vault.azure.net/" }';

describe('where keys are kept', () => {
  it('is the database under a key in a file, unless something else is said', () => {
    expect(serve('{ keyEncryptionKeyFile: kek }').keys.storage).toBeUndefined();
    expect(serve('{ keyEncryptionKey: { provider: file, file: kek } }').keys.storage).toMatchObject({
      backend: 'local',
      keyEncryptionKey: { provider: 'file', file: join(folder, 'kek') },
    });
  });

  it('is the vault for what seals, with the usual limits and the identity of the machine', () => {
    const { storage } = serve(`{ keyEncryptionKey: { provider: azure-key-vault, keyName: kek }, ${VAULT} }`).keys;
    expect(storage).toEqual({
      backend: 'local',
      keyEncryptionKey: { provider: 'azure-key-vault', keyName: 'kek', keyVersion: null },
      furtherKeyEncryptionKeys: [],
      directory: null,
      vault: {
        url: 'https://contoso.vault.azure.net',
        tenantId: null,
        clientId: null,
        credential: { kind: 'managedIdentity' },
        caFile: null,
        loginHosts: [],
        keyPrefix: 'countersign',
        hsm: false,
        signsPer10Seconds: 2_000,
        whenItCannotSign: 'shed',
      },
    });
  });

  it('finds files beside the settings, of the key before a change too', () => {
    const { storage } = serve(
      '{ keyEncryptionKeyFile: kek, furtherKeyEncryptionKeys: [{ provider: file, file: old-kek }], backend: file, directory: keys }',
    ).keys;
    expect(storage).toMatchObject({
      keyEncryptionKey: null,
      furtherKeyEncryptionKeys: [{ file: join(folder, 'old-kek') }],
      directory: join(folder, 'keys'),
    });
  });

  it('takes a key of the environment in development alone, and does not show it', () => {
    const keys = '{ keyEncryptionKey: { provider: env } }';
    const settings = read(keys, 'dev', { COUNTERSIGN_KEY_ENCRYPTION_KEY: 'canary' });
    expect(settings.keys.storage?.keyEncryptionKey).toMatchObject({ provider: 'env', value: 'canary' });
    expect(JSON.stringify(redactedSettings(settings))).not.toContain('canary');
    expect(codeOf(() => serve(keys))).toBe('DEVKIT_REFUSED');
  });

  it.each([
    ['both forms at once', '{ keyEncryptionKeyFile: kek, keyEncryptionKey: { provider: file, file: kek } }'],
    ['a vault that is not there', '{ keyEncryptionKey: { provider: azure-key-vault, keyName: kek } }'],
    ['the vault as backend without one', '{ keyEncryptionKeyFile: kek, backend: azure-key-vault }'],
    ['Ed25519 in a vault', `{ keyEncryptionKeyFile: kek, backend: azure-key-vault, algorithms: [Ed25519], ${VAULT} }`],
    ['files without a folder', '{ keyEncryptionKeyFile: kek, backend: file }'],
    ['a vault over plain HTTP', '{ keyEncryptionKeyFile: kek, vault: { url: "http://contoso.vault.azure.net" } }'],
    ['a vault with a path', '{ keyEncryptionKeyFile: kek, vault: { url: "https://contoso.vault.azure.net/keys" } }'],
    [
      'a secret without an app registration',
      '{ keyEncryptionKeyFile: kek, vault: { url: "https://c.vault.azure.net", credential: { kind: secretFile, file: secret } } }',
    ],
    [
      'a secret that is not in a file',
      '{ keyEncryptionKeyFile: kek, vault: { url: "https://c.vault.azure.net", credential: { kind: secretFile, secret: hunter2 } } }',
    ],
    [
      'a key that stands in where the vault signs nothing',
      '{ keyEncryptionKeyFile: kek, vault: { url: "https://c.vault.azure.net", whenItCannotSign: signLocally } }',
    ],
    [
      'a key that stands in for keys that are in hardware alone',
      '{ keyEncryptionKeyFile: kek, backend: azure-key-vault, vault: { url: "https://c.vault.azure.net", hsm: true, whenItCannotSign: signLocally } }',
    ],
    ['a version that is none', `{ keyEncryptionKey: { provider: azure-key-vault, keyName: kek, keyVersion: latest }, ${VAULT} }`],
  ])('refuses %s', (_, keys) => {
    expect(codeOf(() => serve(keys))).toBe('CONFIG_INVALID');
  });

  it('lets a key of the database stand in for those of the vault where that is said', () => {
    const settings = serve(
      '{ keyEncryptionKeyFile: kek, backend: azure-key-vault, vault: { url: "https://c.vault.azure.net", whenItCannotSign: signLocally } }',
    );
    expect(settings.keys.storage?.vault?.whenItCannotSign).toBe('signLocally');
  });

  it('refuses a key-encryption key whose file is not there', () => {
    expect(codeOf(() => serve('{ keyEncryptionKey: { provider: file, file: absent } }'))).toBe('KEY_ENCRYPTION_KEY_MISSING');
    expect(codeOf(() => serve('{}'))).toBe('KEY_ENCRYPTION_KEY_MISSING');
  });
});

function serve(keys: string): Settings {
  return read(keys, 'serve', {});
}

function read(keys: string, mode: 'serve' | 'dev', env: Record<string, string>): Settings {
  return parseSettings(`${REST}keys: ${keys}\n`, join(folder, 'settings.yaml'), env, mode);
}

function codeOf(parse: () => unknown): unknown {
  try {
    parse();
    return 'accepted';
  } catch (cause) {
    return isCodedError(cause) ? cause.code : cause;
  }
}
