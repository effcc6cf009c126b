// Runs once, before all workers: a folder for what they share, and one line if there is no PostgreSQL to test on.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgresBinaries } from '../devkit/postgres/private-cluster.ts';

export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-test-'));
  process.env.COUNTERSIGN_TEST_RUN = folder;
  writeFileSync(join(folder, 'guardian'), String(process.pid));
  const available = Boolean(process.env.DATABASE_URL) || findPostgresBinaries() !== undefined;
  process.env.COUNTERSIGN_TEST_POSTGRES = available ? 'available' : 'missing';
  if (!available) console.log('PostgreSQL tests skipped: no DATABASE_URL and no installed PostgreSQL');
}
