import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { until } from '../../test/support/until.js';
import { findPostgresBinaries, startPrivateCluster } from './private-cluster.js';

const run = findPostgresBinaries() === undefined ? describe.skip : describe;

async function ask(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

run('Private PostgreSQL cluster', () => {
  it('asks for its password, keeps its promises about the disk, and leaves nothing behind', async () => {
    const cluster = await startPrivateCluster();
    if (cluster === undefined) throw new Error('it did not start');
    expect(
      await ask(cluster.url, `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous`),
    ).toEqual([{ fsync: 'on', synchronous: 'on' }]);
    const intruder = new URL(cluster.url);
    intruder.password = 'wrong';
    await expect(ask(intruder.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    await cluster.stop();
    expect(existsSync(cluster.directory)).toBe(false);
    await expect(ask(cluster.url, 'select 1')).rejects.toThrow();
  });

  it('keeps its data over a crash, and its address', async () => {
    const cluster = await startPrivateCluster({ settings: ['max_connections=13'] });
    if (cluster === undefined) throw new Error('it did not start');
    await ask(cluster.url, 'create table note as select 1 as id');
    await cluster.halt();
    await expect(ask(cluster.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await cluster.resume();
    expect(await ask(cluster.url, `select id, current_setting('max_connections') as max from note`)).toEqual([
      { id: 1, max: '13' },
    ]);
    await cluster.stop();
  });

  it('ends with its guardian, however that one ends', async () => {
    const guardian = spawn('sleep', ['600'], { stdio: 'ignore' });
    const cluster = await startPrivateCluster({ guardianPid: guardian.pid ?? 0 });
    if (cluster === undefined) throw new Error('it did not start');
    guardian.kill('SIGKILL');
    await once(guardian, 'exit');
    await until('its data is gone', () => !existsSync(cluster.directory));
    await cluster.stop();
  });
});
