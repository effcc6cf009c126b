import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LocalSigningBackend } from '#accessors/key/backends/local.signing-backend.js';
import type { KeyMove, SigningAlgorithm } from '#accessors/key/contract.js';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from '#accessors/key/file.key-encryption-key.js';
import { keyRoom, type KeyRoom } from '#accessors/key/key-room.js';
import { parseSettings } from '#utilities/config/settings.loader.js';
import type { Database } from '#utilities/database/contract.js';
import { type AccessorParts, accessorParts, CONTEXT } from '../../support/accessor-parts.js';
import { describeOnPostgres } from '../../support/database.js';

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'Ed25519'];
const TAG_BYTES = 16;

const folder = mkdtempSync(join(tmpdir(), 'countersign-sealed-'));
const keyFile = join(folder, 'kek');
createKeyEncryptionKeyFile(keyFile);
afterAll(() => rmSync(folder, { recursive: true }));

/** One row with something sealed or proven in it. */
interface Row {
  readonly table: 'signing_key' | 'installation_secret';
  readonly id: 'kid' | 'purpose';
  readonly name: string;
  readonly columns: readonly string[];
}

describeOnPostgres('what is sealed, in a ring with keys in every state', (open) => {
  let parts: AccessorParts;
  let database: Database;
  let rows: readonly Row[];

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    database = parts.database;
    const room = roomOf(keyFile);
    await room.keyAccess.prepare(CONTEXT);
    await fillStates(room);
    rows = await sealedRows();
  });
  afterAll(() => parts.changeFeed.stop());

  it('opens as it is', async () => {
    expect(rows.map(({ table, columns }) => `${table}: ${columns.join(' ')}`).sort()).toEqual([
      'installation_secret: sealed wrapped_data_key',
      'installation_secret: sealed wrapped_data_key',
      'installation_secret: sealed wrapped_data_key',
      'installation_secret: sealed wrapped_data_key',
      'installation_secret: sealed wrapped_data_key',
      'signing_key: public_proof',
      'signing_key: public_proof',
      'signing_key: public_proof sealed wrapped_data_key',
      'signing_key: public_proof sealed wrapped_data_key',
      'signing_key: public_proof sealed wrapped_data_key',
    ]);
    await expectOpen();
  });

  it('is refused with any byte of any column changed', async () => {
    let flipped = 0;
    for (const row of rows) {
      for (const column of row.columns) flipped += await flipEachByte(row, column);
    }
    expect(flipped).toBeGreaterThan(900);
  }, 180_000);

  it('is refused with a tag of 12, 8 or 4 bytes, and without one', async () => {
    for (const row of rows) {
      for (const column of row.columns.filter((name) => name !== 'public_proof')) {
        for (const left of [12, 8, 4, 0]) {
          const cut = `${column} = substr(${column}, 1, length(${column}) - ${String(TAG_BYTES - left)})`;
          await expectRefused(row, cut);
        }
      }
    }
  });

  it('is refused with any two rows swapped, in one column or in all of them', async () => {
    let swaps = 0;
    for (const one of rows) {
      for (const other of rows.filter((row) => row.name < one.name)) {
        const shared = one.columns.filter((column) => other.columns.includes(column));
        for (const columns of [...shared.map((column) => [column]), ...(shared.length > 1 ? [shared] : [])]) {
          await expectRefusedWith(() => swap(columns, one, other));
          swaps += 1;
        }
      }
    }
    expect(swaps).toBeGreaterThan(30);
  });

  it('is refused for a key that stopped signing when another public key takes its place', async () => {
    const stopped = rows.filter(({ columns }) => columns.length === 1);
    expect(stopped).toHaveLength(2);
    for (const row of stopped) {
      const planted = `public_jwk = (select public_jwk from signing_key where state = 'active' and algorithm = 'ES256')`;
      await expectRefused(row, planted);
      await expectRefused(row, 'public_proof = null');
    }
  });

  it('is refused under another key-encryption key', async () => {
    const otherFile = join(folder, 'other');
    createKeyEncryptionKeyFile(otherFile);
    await expect(roomOf(otherFile).keyAccess.prepare(CONTEXT)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    await expectOpen();
  });

  it('is refused when a pending key was altered, at the moment at which it would become public', async () => {
    const room = roomOf(keyFile);
    const { kid } = await addPending(room);
    const row: Row = { table: 'signing_key', id: 'kid', name: kid, columns: [] };
    await expectRefusedWith(async () => {
      await flip(row, 'sealed', 20);
      await change(room, [{ kid, from: 'pending', to: 'published' }]);
      return async () => {
        await flip(row, 'sealed', 20);
      };
    });
  });

  function roomOf(file: string): KeyRoom {
    const document = JSON.stringify({
      issuer: 'https://auth.example.com',
      keys: { keyEncryptionKeyFile: file, algorithms: ALGORITHMS },
    });
    const settings = parseSettings(document, '/sealed.json', { DATABASE_URL: 'postgres://unused/x' }, 'serve').keys;
    const keyEncryptionKey = new FileKeyEncryptionKey(file);
    const backends = [new LocalSigningBackend({ keyEncryptionKey })];
    return keyRoom({ ...parts, settings, logger: silent, keyEncryptionKey, backends, newKeysIn: 'local' });
  }

  async function fillStates(room: KeyRoom): Promise<void> {
    for (const stop of ['retiring', 'tainted'] as const) {
      const active = room.keyAccess.activeKey(CONTEXT, 'ES256').kid;
      const { kid } = await addPending(room);
      await change(room, [
        { kid: active, from: 'active', to: stop },
        { kid, from: 'pending', to: 'active', atOnce: true },
      ]);
      await room.keyAccess.refresh();
    }
    const { kid } = await addPending(room);
    await change(room, [{ kid, from: 'pending', to: 'published' }]);
  }

  async function addPending(room: KeyRoom): Promise<{ kid: string }> {
    const made = await room.keyringAccess.makeKey(CONTEXT, 'ES256', 'test');
    const { epoch } = await room.keyringAccess.keyring(CONTEXT);
    await parts.unitOfWork.run(() => room.keyringAccess.change(CONTEXT, { expectedEpoch: epoch, add: [made], fence: null }));
    return made;
  }

  async function change(room: KeyRoom, moves: readonly KeyMove[]): Promise<void> {
    const { epoch } = await room.keyringAccess.keyring(CONTEXT);
    await parts.unitOfWork.run(() => room.keyringAccess.change(CONTEXT, { expectedEpoch: epoch, moves, fence: null }));
  }

  async function sealedRows(): Promise<readonly Row[]> {
    const keys = await database.query<{ kid: string; sealed: boolean }>(
      'select kid, sealed is not null as sealed from signing_key',
    );
    const secrets = await database.query<{ purpose: string }>('select purpose from installation_secret');
    const both = ['sealed', 'wrapped_data_key'];
    return [
      ...keys.map(({ kid, sealed }): Row => {
        return { table: 'signing_key', id: 'kid', name: kid, columns: ['public_proof', ...(sealed ? both : [])] };
      }),
      ...secrets.map(({ purpose }): Row => ({ table: 'installation_secret', id: 'purpose', name: purpose, columns: both })),
    ];
  }

  async function flipEachByte(row: Row, column: string): Promise<number> {
    const [found] = await database.query<{ length: number }>(
      `select length(${column}) as length from ${row.table} where ${row.id} = $1`,
      [row.name],
    );
    const length = found?.length ?? 0;
    for (let at = 0; at < length; at += 1) {
      await expectRefusedWith(async () => {
        await flip(row, column, at);
        return () => flip(row, column, at);
      });
    }
    return length;
  }

  async function flip({ table, id, name }: Row, column: string, at: number): Promise<void> {
    const flipped = `set_byte(${column}, $1, get_byte(${column}, $1) # $2)`;
    await database.query(`update ${table} set ${column} = ${flipped} where ${id} = $3`, [at, 1 << (at % 8), name]);
  }

  async function expectRefused(row: Row, assignment: string): Promise<void> {
    await expectRefusedWith(async () => {
      const [before] = await database.query<Record<string, unknown>>(`select * from ${row.table} where ${row.id} = $1`, [
        row.name,
      ]);
      await database.query(`update ${row.table} set ${assignment} where ${row.id} = $1`, [row.name]);
      const column = assignment.split(' ')[0] ?? '';
      return async () => {
        await database.query(`update ${row.table} set ${column} = $2 where ${row.id} = $1`, [row.name, before?.[column]]);
      };
    });
  }

  async function swap(columns: readonly string[], one: Row, other: Row): Promise<() => Promise<void>> {
    const names = columns.join(', ');
    const read = async ({ table, id, name }: Row): Promise<Record<string, unknown>> =>
      (await database.query<Record<string, unknown>>(`select ${names} from ${table} where ${id} = $1`, [name]))[0] ?? {};
    const write = ({ table, id, name }: Row, values: Record<string, unknown>): Promise<unknown> => {
      const sets = columns.map((column, index) => `${column} = $${String(index + 2)}`).join(', ');
      return database.query(`update ${table} set ${sets} where ${id} = $1`, [name, ...columns.map((column) => values[column])]);
    };
    const [mine, theirs] = [await read(one), await read(other)];
    await write(one, theirs);
    await write(other, mine);
    return async () => {
      await write(one, mine);
      await write(other, theirs);
    };
  }

  /** A process that starts now refuses; `alter` answers how to put everything back. */
  async function expectRefusedWith(alter: () => Promise<() => Promise<unknown>>): Promise<void> {
    const restore = await alter();
    await expect(roomOf(keyFile).keyAccess.prepare(CONTEXT)).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    await restore();
  }

  async function expectOpen(): Promise<void> {
    await expect(roomOf(keyFile).keyAccess.prepare(CONTEXT)).resolves.toEqual({ madeKeys: [], madeSecrets: [] });
  }
});

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // What is refused thousands of times need not be logged as often.
}
