import { execFile, execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { findPostgresBinaries } from '#devkit/postgres/private-cluster.js';
import { describeOnPostgres } from '../../support/database.js';
import { type Needle, occurrences, rawForms, writtenForms } from './private-material.js';
import { ProcessWorld } from './process-world.js';
import { CONTEXT } from './replica.js';
import type { ReplicaProcess } from './replica.process.js';
import { storedPrivateKeys, storedSecrets } from './stored-keys.js';

const ALGORITHMS = ['ES256', 'Ed25519', 'RS256', 'PS256'] as const;
const ES256_SIGNATURES = 10_000;
/** RSA takes ten times as long. */
const OTHER_SIGNATURES = 300;
const CHUNK_BYTES = 1024 * 1024;
/** No needle is longer. */
const OVERLAP_BYTES = 4 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES + OVERLAP_BYTES);

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'countersign-leaks-'));
afterAll(() => rmSync(folder, { recursive: true }));

describeOnPostgres('private halves of keys', (open) => {
  let world: ProcessWorld;
  let replica: ReplicaProcess;
  let written: readonly Needle[];
  let raw: readonly Needle[];

  beforeAll(async () => {
    // Nothing of this is needed, but the template database is.
    await open();
    world = await ProcessWorld.open({ simulated: false, keys: { algorithms: ALGORITHMS } });
    // A next key of each algorithm, so that every state that has a private half is there.
    await world.own.manager.rotate(CONTEXT, { validateOnly: false });
    replica = await world.start();
    for (const algorithm of ALGORITHMS) {
      await replica.ask({ do: 'sign', algorithm, times: algorithm === 'ES256' ? ES256_SIGNATURES : OTHER_SIGNATURES });
    }
    const keys = await storedPrivateKeys(world.own.database, world.keyEncryptionKeyFile);
    expect(keys).toHaveLength(2 * ALGORITHMS.length);
    const secrets = await storedSecrets(world.own.database, world.keyEncryptionKeyFile);
    const secretForms = secrets.flatMap((bytes, index) =>
      (['hex', 'base64', 'base64url'] as const).map((form) => ({
        name: `secret ${String(index)} in ${form}`,
        bytes: Buffer.from(bytes.toString(form)),
      })),
    );
    written = [...keys.flatMap(({ privateKey }) => writtenForms(privateKey)), ...secretForms];
    raw = keys.flatMap(({ privateKey }) => rawForms(privateKey));
  }, 60_000);
  afterAll(() => world.close(), 30_000);

  const dumps = pgDump() === undefined ? it.skip : it;
  dumps('are in no dump of the database', async () => {
    const { stdout } = await run(pgDump() ?? '', ['--inserts', world.url], { encoding: 'buffer', maxBuffer: 1 << 30 });
    expect(stdout.includes('signing_key')).toBe(true);
    expect(stdout.includes('PRIVATE KEY')).toBe(false);
    expect(found(stdout, [...written, ...raw])).toEqual([]);
  });

  const cores = canReadCores() ? it : it.skip;
  cores(
    'are in no core of a process as PEM, JWK or text after ten thousand signatures',
    async () => {
      const core = join(folder, 'core');
      await run('gcore', ['-o', core, String(replica.pid)], { maxBuffer: 1 << 26 });
      const file = join(folder, readdirSync(folder).find((name) => name.startsWith('core')) ?? '');
      const { bytes, counts } = scan(file, [...written, ...raw]);
      rmSync(file);
      const text = written.filter(({ bytes: needle }) => (counts.get(needle) ?? 0) > 0).map(({ name }) => name);
      const rawCount = raw.reduce((sum, { bytes: needle }) => sum + (counts.get(needle) ?? 0), 0);
      console.log(
        JSON.stringify({
          coreMegabytes: Math.round(bytes / 1e6),
          signatures: ES256_SIGNATURES,
          text: text.length,
          rawNumbers: rawCount,
        }),
      );
      expect(bytes).toBeGreaterThan(10_000_000);
      expect(text).toEqual([]);
      // A process that signs holds the key. Finding it shows that the search sees what is there.
      expect(rawCount).toBeGreaterThan(0);
    },
    120_000,
  );
});

function found(haystack: Buffer, needles: readonly Needle[]): readonly string[] {
  return needles.filter(({ bytes }) => occurrences(haystack, bytes) > 0).map(({ name }) => name);
}

/** Piece by piece, since a core is larger than a buffer should be. */
function scan(path: string, needles: readonly Needle[]): { bytes: number; counts: ReadonlyMap<Buffer, number> } {
  const counts = new Map<Buffer, number>();
  const file = openSync(path, 'r');
  const chunk = Buffer.alloc(CHUNK_BYTES + OVERLAP_BYTES);
  let at = 0;
  for (;;) {
    const length = readSync(file, chunk, 0, chunk.length, at);
    if (length === 0) break;
    // What begins in the overlap is counted with the next piece.
    const isEmpty = chunk.subarray(0, length).equals(ZEROS.subarray(0, length));
    for (const { bytes } of isEmpty ? [] : needles) {
      const end = Math.min(length, CHUNK_BYTES + bytes.length - 1);
      const times = occurrences(chunk.subarray(0, end), bytes);
      if (times > 0) counts.set(bytes, (counts.get(bytes) ?? 0) + times);
    }
    at += Math.min(length, CHUNK_BYTES);
    if (length <= CHUNK_BYTES) break;
  }
  closeSync(file);
  return { bytes: at, counts };
}

function pgDump(): string | undefined {
  const binaries = findPostgresBinaries();
  for (const candidate of ['pg_dump', ...(binaries === undefined ? [] : [join(binaries, 'pg_dump')])]) {
    try {
      execFileSync(candidate, ['--version'], { stdio: 'ignore' });
      return candidate;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}

/** gdb is installed, and may look into a process that is not its own. */
function canReadCores(): boolean {
  const probe = `sleep 30 & gcore -o "$1" $!; status=$?; kill $!; rm -f "$1".*; exit $status`;
  try {
    execFileSync('/bin/sh', ['-c', probe, 'probe', join(folder, 'probe')], { stdio: 'ignore' });
    return true;
  } catch {
    console.log('no core of a process was looked at: gcore is not installed, or may not trace');
    return false;
  }
}
