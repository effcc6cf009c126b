import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '#devkit/free-port.js';
import { until } from './until.js';

export interface PgBouncer {
  /** The same database and role as in `url`, by way of the pooler. */
  urlOf(url: string): string;
  stop(): Promise<void>;
}

const PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

/** The installed program; `undefined`: none (Debian: the package `pgbouncer`). */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...PLACES];
  return folders.map((folder) => join(folder, 'pgbouncer')).find(isExecutable);
}

/**
 * A pooler in transaction mode on a port of its own, with `poolSize` connections for each role and database, before the server of
 * these URLs, whose roles may log in.
 */
export async function startPgBouncer(urls: readonly string[], poolSize: number): Promise<PgBouncer> {
  const program = findPgBouncer();
  if (program === undefined) throw new Error('PgBouncer is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'countersign-pgbouncer-'));
  const port = await freePort();
  const configuration = writeConfiguration(directory, urls, { port, poolSize });
  const account = unprivilegedAccount();
  if (account !== undefined)
    for (const file of [directory, configuration, join(directory, 'users')]) chownSync(file, account.uid, account.gid);
  const bouncer = spawn(program, ['-q', configuration], { ...account, cwd: directory, stdio: 'ignore' });
  const ended = once(bouncer, 'exit');
  process.once('exit', () => bouncer.kill('SIGKILL'));
  const urlOf = (url: string): string => {
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String(port);
    return through.href;
  };
  await until('the pooler answers', () => answers(urlOf(urls[0] ?? '')));
  const stop = async (): Promise<void> => {
    bouncer.kill('SIGINT');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  return { urlOf, stop };
}

function writeConfiguration(
  directory: string,
  urls: readonly string[],
  { port, poolSize }: { readonly port: number; readonly poolSize: number },
): string {
  const server = new URL(urls[0] ?? '');
  const users = urls.map((each) => new URL(each)).map(({ username, password }) => `"${username}" "${password}"`);
  writeFileSync(join(directory, 'users'), `${users.join('\n')}\n`, { mode: 0o600 });
  const lines = [
    '[databases]',
    `* = host=${server.hostname} port=${server.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${join(directory, 'users')}`,
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 500',
    `logfile = ${join(directory, 'log')}`,
  ];
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** PgBouncer refuses to run as root. */
function unprivilegedAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody');
  if (account === undefined) throw new Error('PgBouncer does not run as root, and there is neither a user postgres nor nobody');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return execFileSync(file, ['--version'], { encoding: 'utf8' }).includes('PgBouncer');
  } catch {
    return false;
  }
}
