import { createHmac, createPrivateKey, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint, compactVerify } from 'jose';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import { describeOnEachDatabase, describeOnPostgres, type Opener } from '../../test/support/database.js';
import type { KeyState } from './contract.js';
import type { DefaultKeyAccess } from './default.key.access.js';
import { seal, unseal } from './envelope.js';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from './file.key-encryption-key.js';
import { insertKey, keyProcess, makeKey } from './fixtures/key-room.fixture.js';
import { generateKeyPairFor } from './key-pair.js';
import { KeyStore } from './key.store.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'timer' } as const;
const directory = mkdtempSync(join(tmpdir(), 'key-access-'));
const keyFile = join(directory, 'kek');
const SECRETS = ['subject-pseudonym', 'keyring-proof', 'subject-reference', 'consistency-token', 'dpop-nonce'];
createKeyEncryptionKeyFile(keyFile);
afterAll(() => rmSync(directory, { recursive: true }));

describeOnEachDatabase('DefaultKeyAccess', (open) => {
  let database: Database;
  beforeAll(async () => {
    database = (await open()).database;
  });
  beforeEach(async () => {
    for (const table of ['signing_key', 'installation_secret', 'keyring_epoch']) await database.query(`delete from ${table}`);
  });

  it('makes the first key and each secret once, and nothing when asked again', async () => {
    const access = accessOn(database);
    const made = await access.prepare(context);
    const active = access.activeKey(context, 'ES256');
    expect(made).toEqual({ madeKeys: [active.kid], madeSecrets: SECRETS });
    expect(await access.prepare(context)).toEqual({ madeKeys: [], madeSecrets: [] });
    expect(access.activeKey(context, 'ES256')).toBe(active);
    expect(await database.query('select epoch::int as epoch from keyring_epoch')).toEqual([{ epoch: 1 }]);
  });

  it('has the same key and the same digests after a restart', async () => {
    const before = accessOn(database);
    await before.prepare(context);
    const after = accessOn(database);
    expect(await after.prepare(context)).toEqual({ madeKeys: [], madeSecrets: [] });
    expect(after.activeKey(context, 'ES256')).toEqual(before.activeKey(context, 'ES256'));
    expect(await after.publishedKeys(context)).toEqual(await before.publishedKeys(context));
    const digest = before.keyedDigest(context, 'subject-pseudonym', 'somebody');
    expect(digest).toMatch(/^[\w-]{43}$/);
    expect(after.keyedDigest(context, 'subject-pseudonym', 'somebody')).toBe(digest);
    expect(after.keyedDigest(context, 'subject-pseudonym', 'somebody else')).not.toBe(digest);
  });

  it('makes the secrets that an older installation lacks, and keeps those that it has', async () => {
    const before = await prepared();
    await database.query(`delete from installation_secret where purpose in ('subject-reference', 'consistency-token')`);
    const after = accessOn(database);
    expect(await after.prepare(context)).toEqual({ madeKeys: [], madeSecrets: ['subject-reference', 'consistency-token'] });
    const digests = [before, after].map((access) => access.keyedDigest(context, 'subject-pseudonym', 'm'));
    expect(digests[1]).toBe(digests[0]);
  });

  it('opens in one process what another one sealed, and nothing before it is prepared', async () => {
    const sealed = (await prepared()).seal(context, 'subject-reference', { text: 'who', bound: 'token-1' });
    const other = accessOn(database);
    const unavailable = expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' });
    expect(() => other.unseal(context, 'subject-reference', { sealed, bound: 'token-1' })).toThrow(unavailable);
    expect(() => other.seal(context, 'subject-reference', { text: 'who', bound: 'token-1' })).toThrow(unavailable);
    await other.prepare(context);
    expect(other.unseal(context, 'subject-reference', { sealed, bound: 'token-1' })).toBe('who');
    expect(other.unseal(context, 'subject-reference', { sealed, bound: 'token-2' })).toBeUndefined();
  });

  it('ends up with one key and one secret when many instances prepare at the same time', async () => {
    await expectOneOfEach(
      Array.from({ length: 8 }, () => accessOn(database)),
      database,
    );
  });

  it('signs what jose verifies with the published key alone', async () => {
    const access = await prepared();
    const [published] = await access.publishedKeys(context);
    const input = `${encoded({ alg: 'ES256' })}.${encoded({ a: 1 })}`;
    const signature = await access.signWith(context, access.activeKey(context, 'ES256'), input);
    const verified = await compactVerify(`${input}.${signature}`, { ...published?.jwk });
    expect(Buffer.from(verified.payload).toString()).toBe('{"a":1}');
  });

  it('publishes the members of the public key and no other, under the thumbprint as kid', async () => {
    const access = await prepared();
    const published = await access.publishedKeys(context);
    expect(published.map((key) => Object.keys(key.jwk).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']]);
    const { kid, jwk } = published[0] ?? { kid: '', jwk: {} };
    expect(jwk).toMatchObject({ kid, alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' });
    expect(await calculateJwkThumbprint({ ...jwk })).toBe(kid);
  });

  it('publishes what verifiers may still need, and signs with the active key alone', async () => {
    const access = await prepared();
    const states: readonly KeyState[] = ['pending', 'published', 'retiring', 'tainted', 'retired', 'revoked'];
    const kids = new Map<KeyState, string>();
    for (const state of states) kids.set(state, await addKey(state));
    const active = access.activeKey(context, 'ES256');
    await access.prepare(context);
    const published = (await access.publishedKeys(context)).map((key) => key.kid);
    const expected = [active.kid, ...(['published', 'retiring', 'tainted'] as const).map((state) => kids.get(state) ?? '')];
    expect([...published].sort()).toEqual(expected.sort());
    expect(access.activeKey(context, 'ES256')).toBe(active);
    expect(() => access.signWith(context, { kid: kids.get('retiring') ?? '', algorithm: 'ES256' }, 'a.b')).toThrow(
      expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' }),
    );
  });

  it('does not sign, digest or publish before it is prepared', async () => {
    const access = accessOn(database);
    const unavailable = expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' });
    expect(() => access.activeKey(context, 'ES256')).toThrow(unavailable);
    expect(() => access.signWith(context, { kid: 'k', algorithm: 'ES256' }, 'a.b')).toThrow(unavailable);
    expect(() => access.keyedDigest(context, 'subject-pseudonym', 'm')).toThrow(unavailable);
    await expect(access.publishedKeys(context)).rejects.toEqual(unavailable);
  });

  it('makes no new first key in a ring whose keys were all revoked', async () => {
    const access = await prepared();
    await stopAll('revoked');
    expect(await access.prepare(context)).toEqual({ madeKeys: [], madeSecrets: [] });
    expect(await access.publishedKeys(context)).toEqual([]);
    expect(() => access.activeKey(context, 'ES256')).toThrow(expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' }));
  });

  it('adds a first key to a ring that never had one, and to no other', async () => {
    const store = new KeyStore({ database });
    expect(await store.addFirstKey(await makeKey(database, keyFile), [])).toBe(true);
    await stopAll('retired');
    expect(await store.addFirstKey(await makeKey(database, keyFile), [])).toBe(false);
    expect(await store.addFirstKey(await makeKey(database, keyFile, 'Ed25519'), [])).toBe(false);
  });

  it('takes no second active key into the table', async () => {
    await prepared();
    await expect(addKey('active')).rejects.toMatchObject({ code: '23505' });
  });

  it('keeps serving the keys it has when a reload fails', async () => {
    const access = await prepared();
    const kept = await access.publishedKeys(context);
    await database.query(`update signing_key set kid = 'other'`);
    await expect(access.prepare(context)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    expect(await access.publishedKeys(context)).toBe(kept);
  });

  describe('refuses to start', () => {
    it('when any byte of any sealed column was changed', async () => {
      await prepared();
      for (const table of ['signing_key', 'installation_secret']) {
        for (const column of ['sealed', 'wrapped_data_key']) await expectEveryByteToMatter(table, column);
      }
    });

    it.each([
      `update signing_key set kid = 'A' || substr(kid, 2) || 'A'`,
      `update signing_key set algorithm = 'RS256'`,
      `update signing_key set format_version = 3`,
      `update signing_key set key_encryption_key_id = 'another'`,
      `update signing_key set public_jwk = public_jwk || '{"x":"AAAA"}'`,
      `update signing_key set public_jwk = public_jwk || '{"d":"AAAA"}'`,
      `update signing_key set public_jwk = public_jwk - 'y'`,
      `update signing_key set public_jwk = 'null'`,
      `update signing_key set sealed = substr(sealed, 1, 27)`,
      `update signing_key set sealed = ''`,
      `update installation_secret set format_version = 3`,
      `update installation_secret set key_encryption_key_id = 'another'`,
      `update installation_secret set wrapped_data_key = (select wrapped_data_key from signing_key)`,
      `update installation_secret i set sealed = k.sealed, wrapped_data_key = k.wrapped_data_key from signing_key k`,
    ])('after %s', async (change) => {
      await prepared();
      await database.query(change);
      await expect(accessOn(database).prepare(context)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    });

    it('when rows were swapped, whole or in part', async () => {
      const access = await prepared();
      const [one, two] = [access.activeKey(context, 'ES256').kid, await addKey('published')];
      for (const columns of [['sealed'], ['wrapped_data_key'], ['public_jwk'], ['sealed', 'wrapped_data_key', 'public_jwk']]) {
        await swap(columns, one, two);
        await expect(accessOn(database).prepare(context)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
        await swap(columns, one, two);
      }
      await accessOn(database).prepare(context);
    });

    it('when a key that is sealed here is not the one that its kid names', async () => {
      await prepared();
      const keyEncryptionKey = await new FileKeyEncryptionKey(keyFile).open();
      const { privateKey } = await generateKeyPairFor('ES256');
      const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
      const other = await makeKey(database, keyFile);
      const place = { tenantId: PLATFORM_TENANT, row: other.kid, algorithm: 'ES256', purpose: 'token-signing' };
      const sealed = await seal(keyEncryptionKey, { table: 'signing_key', ...place }, pkcs8);
      await insertKey(database, 'published', { ...other, sealed });
      await expect(accessOn(database).prepare(context)).rejects.toMatchObject({
        code: 'KEY_UNSEAL_FAILED',
        details: { internal: expect.stringContaining('thumbprint') },
      });
    });

    it.each(['published', 'retiring', 'tainted'] as const)('when a %s key was planted that nobody here made', async (state) => {
      await prepared();
      const planted = await makeKey(database, keyFile);
      await insertKey(database, state, { ...planted, publicProof: randomBytes(32) });
      await expect(accessOn(database).prepare(context)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    });

    it('when a stopped key shows other members than a public key has', async () => {
      const access = await prepared();
      await access.prepare(context);
      await addKey('retiring');
      await database.query(`update signing_key set public_jwk = public_jwk || '{"d":"AAAA"}' where state = 'retiring'`);
      await expect(accessOn(database).prepare(context)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    });

    it('under another key-encryption key, and says which one it wants', async () => {
      await prepared();
      const otherFile = join(directory, 'other');
      createKeyEncryptionKeyFile(otherFile);
      const refused = accessOn(database, otherFile).prepare(context);
      await expect(refused).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
      const sealedUnder = (await new FileKeyEncryptionKey(keyFile).open()).id;
      await expect(refused).rejects.toMatchObject({ details: { internal: expect.stringContaining(sealedUnder) } });
      rmSync(otherFile);
    });

    it('without a key-encryption key, and makes nothing', async () => {
      const refused = accessOn(database, join(directory, 'none')).prepare(context);
      await expect(refused).rejects.toMatchObject({ code: 'KEY_ENCRYPTION_KEY_MISSING' });
      expect(await database.query('select kid from signing_key')).toEqual([]);
    });
  });

  it('leaves no private scalar and no secret in the tables, in errors or in what it publishes', async () => {
    const access = await prepared();
    const secrets = await plaintexts();
    const rows = await database.query('select t::text from signing_key t union all select t::text from installation_secret t');
    await database.query(`update installation_secret set sealed = set_byte(sealed, 30, 255 - get_byte(sealed, 30))`);
    const error: unknown = await accessOn(database)
      .prepare(context)
      .catch((thrown: unknown) => thrown);
    const published = await access.publishedKeys(context);
    const shown = inspect([rows, error, published, access], { depth: null, maxStringLength: null, showHidden: true });
    expect(shown).toContain('KEY_UNSEAL_FAILED');
    for (const secret of secrets) {
      for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) expect(shown).not.toContain(secret.toString(form));
    }
    expect(shown).not.toMatch(/PRIVATE KEY|"d":/);
  });

  it('digests with HMAC-SHA-256 under the secret that is sealed in the table', async () => {
    const access = await prepared();
    const [, secret] = await plaintexts();
    const expected = createHmac('sha256', secret ?? randomBytes(32))
      .update('message')
      .digest('base64url');
    expect(access.keyedDigest(context, 'subject-pseudonym', 'message')).toBe(expected);
  });

  async function prepared(): Promise<DefaultKeyAccess> {
    const access = accessOn(database);
    await access.prepare(context);
    return access;
  }

  async function addKey(state: KeyState): Promise<string> {
    const key = await makeKey(database, keyFile);
    await insertKey(database, state, key);
    return key.kid;
  }

  function stopAll(state: KeyState): Promise<unknown> {
    return database.query('update signing_key set state = $1, sealed = null, wrapped_data_key = null', [state]);
  }

  async function swap(columns: readonly string[], one: string, two: string): Promise<void> {
    const sets = columns.map((column) => `${column} = other.${column}`).join(', ');
    await database.query(
      `update signing_key k set ${sets} from signing_key other where (k.kid = $1 and other.kid = $2) or (k.kid = $2 and other.kid = $1)`,
      [one, two],
    );
  }

  async function expectEveryByteToMatter(table: string, column: string): Promise<void> {
    const [row] = await database.query<{ length: number }>(`select length(${column}) as length from ${table}`);
    expect(row?.length).toBeGreaterThan(50);
    const flip = `update ${table} set ${column} = set_byte(${column}, $1, get_byte(${column}, $1) # $2)`;
    for (let at = 0; at < (row?.length ?? 0); at += 1) {
      await database.query(flip, [at, 1 << (at % 8)]);
      await expect(accessOn(database).prepare(context)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
      await database.query(flip, [at, 1 << (at % 8)]);
    }
  }

  /** The private scalar and the secret, opened by hand. */
  async function plaintexts(): Promise<Buffer[]> {
    const store = new KeyStore({ database });
    const keyEncryptionKey = await new FileKeyEncryptionKey(keyFile).open();
    const [key] = (await store.keyring()).keys;
    const secret = (await store.secrets()).find(({ purpose: wanted }) => wanted === 'subject-pseudonym');
    if (secret === undefined || key === undefined || key.sealed === null || key.wrappedDataKey === null)
      throw new Error('nothing is stored');
    const { sealed, wrappedDataKey, keyEncryptionKeyId, formatVersion } = key;
    const place = { tenantId: PLATFORM_TENANT, row: key.kid, algorithm: 'ES256', purpose: 'token-signing' } as const;
    const stored = { sealed, wrappedDataKey, keyEncryptionKeyId: keyEncryptionKeyId ?? '', formatVersion: formatVersion ?? 0 };
    const pkcs8 = await unseal(keyEncryptionKey, { ...place, table: 'signing_key' }, stored);
    const { d } = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
    const { purpose } = secret;
    const secretPlace = {
      table: 'installation_secret',
      tenantId: PLATFORM_TENANT,
      row: purpose,
      algorithm: 'HS256',
      purpose,
    } as const;
    return [Buffer.from(d ?? '', 'base64url'), await unseal(keyEncryptionKey, secretPlace, secret)];
  }
});

describeOnPostgres('DefaultKeyAccess in several processes', (open: Opener) => {
  it('ends up with one key and one secret whoever comes first', async () => {
    const opened = await open();
    const databases = await Promise.all(Array.from({ length: 5 }, () => opened.reopen()));
    await expectOneOfEach(
      databases.flatMap((database) => [accessOn(database), accessOn(database)]),
      opened.database,
    );
  });
});

async function expectOneOfEach(accesses: readonly DefaultKeyAccess[], database: Database): Promise<void> {
  const made = await Promise.all(accesses.map((access) => access.prepare(context)));
  expect(made.flatMap((each) => each.madeKeys)).toHaveLength(1);
  expect(made.flatMap((each) => each.madeSecrets).sort()).toEqual([...SECRETS].sort());
  expect(await database.query('select state from signing_key')).toEqual([{ state: 'active' }]);
  expect(new Set(accesses.map((access) => access.activeKey(context, 'ES256').kid)).size).toBe(1);
  expect(new Set(accesses.map((access) => access.keyedDigest(context, 'subject-pseudonym', 'm'))).size).toBe(1);
}

function accessOn(database: Database, file = keyFile): DefaultKeyAccess {
  return keyProcess(database, { keyFile: file }).keyAccess;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
