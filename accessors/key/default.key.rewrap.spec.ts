import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import { DefaultKeyRewrap } from './default.key.rewrap.js';
import { seal, unseal, type SealedPlace } from './envelope.js';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from './file.key-encryption-key.js';
import { KeptKeyEncryptionKey } from './kept.key-encryption-key.js';
import type { KeyEncryptionKey, KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';
import { SealedRowStore } from './sealed-row.store.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'timer' } as const;
const home = mkdtempSync(join(tmpdir(), 'rewrap-'));
const provider = (name: string): KeyEncryptionKeyProvider => {
  const path = join(home, name);
  createKeyEncryptionKeyFile(path);
  return new FileKeyEncryptionKey(path);
};
const oldOne = provider('old');
const newOne = provider('new');
const ROWS = 7;
afterAll(() => rmSync(home, { recursive: true }));

describeOnEachDatabase('DefaultKeyRewrap', (open) => {
  let database: Database;
  const plaintexts = new Map<string, Buffer>();

  beforeAll(async () => {
    database = (await open()).database;
  });
  beforeEach(async () => {
    await database.query('delete from installation_secret');
    plaintexts.clear();
    const key = await oldOne.open();
    for (let index = 0; index < ROWS; index += 1) await insertSecret(key, `purpose-${index}`);
  });

  it('brings every row under the current key, and says when none is left', async () => {
    const rewrap = rewrapOn(new KeptKeyEncryptionKey({ current: newOne, further: [oldOne] }));
    const { id } = await newOne.open();
    expect(await rewrap.rewrap(context, { batch: 3 })).toEqual({
      keyEncryptionKeyId: id,
      rewrapped: 3,
      remaining: 4,
      failed: [],
    });
    expect(await rewrap.rewrap(context, { batch: 3 })).toMatchObject({ rewrapped: 3, remaining: 1 });
    expect(await rewrap.rewrap(context, { batch: 3 })).toMatchObject({ rewrapped: 1, remaining: 0 });
    expect(await rewrap.rewrap(context, { batch: 3 })).toMatchObject({ rewrapped: 0, remaining: 0 });
    await expectAllToOpenUnder(await newOne.open());
  });

  it('goes on where it stopped after a kill at any point, and every row opens all the time', async () => {
    const both = await new KeptKeyEncryptionKey({ current: newOne, further: [oldOne] }).open();
    for (const killedAt of [1, 2, 1, 4]) {
      const dying = rewrapOn(dyingAfter(killedAt));
      await expect(dying.rewrap(context, { batch: 100 })).rejects.toThrow('killed');
      await expectAllToOpenUnder(both);
    }
    const rewrap = rewrapOn(new KeptKeyEncryptionKey({ current: newOne, further: [oldOne] }));
    expect(await rewrap.rewrap(context, { batch: 100 })).toMatchObject({ remaining: 0, failed: [] });
    await expectAllToOpenUnder(await newOne.open());
  });

  it('is safe to run in several processes at once', async () => {
    const kept = new KeptKeyEncryptionKey({ current: newOne, further: [oldOne] });
    const results = await Promise.all([1, 2, 3].map(() => rewrapOn(kept).rewrap(context, { batch: 100 })));
    expect(results.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(ROWS);
    await expectAllToOpenUnder(await newOne.open());
  });

  it('leaves a row that does not open as it is, names it, and brings the others over', async () => {
    await database.query(`update installation_secret set sealed = sealed || '\\x00'::bytea where purpose = 'purpose-2'`);
    const before = await rowOf('purpose-2');
    const rewrap = rewrapOn(new KeptKeyEncryptionKey({ current: newOne, further: [oldOne] }));
    const progress = await rewrap.rewrap(context, { batch: 100 });
    expect(progress).toMatchObject({ rewrapped: ROWS - 1, remaining: 1, failed: ['installation_secret purpose-2'] });
    expect(await rowOf('purpose-2')).toEqual(before);
  });

  it('changes nothing while the key that sealed the rows is not there', async () => {
    const progress = await rewrapOn(newOne).rewrap(context, { batch: 100 });
    expect(progress).toMatchObject({ rewrapped: 0, remaining: ROWS });
    expect(progress.failed.length).toBe(ROWS);
    await expectAllToOpenUnder(await oldOne.open());
  });

  function rewrapOn(keyEncryptionKey: KeyEncryptionKeyProvider): DefaultKeyRewrap {
    return new DefaultKeyRewrap({ store: new SealedRowStore({ database }), keyEncryptionKey });
  }

  /** A process that ends in the middle of its work on a row. */
  function dyingAfter(wraps: number): KeyEncryptionKeyProvider {
    let left = wraps;
    const kept = new KeptKeyEncryptionKey({ current: newOne, further: [oldOne] });
    return {
      name: 'file',
      open: async () => {
        const key = await kept.open();
        return {
          id: key.id,
          unwrap: (wrapped, boundTo) => key.unwrap(wrapped, boundTo),
          withId: (id) => key.withId(id),
          wrap: async (dataKey, boundTo) => {
            left -= 1;
            if (left < 0) throw new Error('killed');
            const wrapped = await key.wrap(dataKey, boundTo);
            if (left === 0) throw new Error('killed');
            return wrapped;
          },
        };
      },
    };
  }

  async function insertSecret(key: KeyEncryptionKey, purpose: string): Promise<void> {
    const plaintext = randomBytes(32);
    plaintexts.set(purpose, plaintext);
    const stored = await seal(key, placeOf(purpose), plaintext);
    await database.query(
      `insert into installation_secret (purpose, sealed, wrapped_data_key, key_encryption_key_id, format_version) values ($1, $2, $3, $4, $5)`,
      [purpose, stored.sealed, stored.wrappedDataKey, stored.keyEncryptionKeyId, stored.formatVersion],
    );
  }

  async function rowOf(purpose: string) {
    const [row] = await database.query<{
      sealed: Buffer;
      wrappedDataKey: Buffer;
      keyEncryptionKeyId: string;
      formatVersion: number;
    }>(
      `select sealed, wrapped_data_key as "wrappedDataKey", key_encryption_key_id as "keyEncryptionKeyId", format_version as "formatVersion"
       from installation_secret where purpose = $1`,
      [purpose],
    );
    if (row === undefined) throw new Error('no such row');
    return row;
  }

  async function expectAllToOpenUnder(key: KeyEncryptionKey): Promise<void> {
    for (const [purpose, plaintext] of plaintexts) {
      expect(await unseal(key, placeOf(purpose), await rowOf(purpose))).toEqual(plaintext);
    }
  }
});

function placeOf(purpose: string): SealedPlace {
  return { table: 'installation_secret', tenantId: PLATFORM_TENANT, row: purpose, algorithm: 'HS256', purpose };
}
