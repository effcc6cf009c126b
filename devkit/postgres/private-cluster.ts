/**
 * A PostgreSQL server of one's own, made from installed binaries in a temporary directory: for tests and the bench.
 * It needs nothing but Node, because the set-up of the test runner loads it as it is.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface PrivateCluster {
  /** A superuser's URL of the database `postgres`; the server takes connections from this machine alone. */
  readonly url: string;
  /** Where its data and its log are. */
  readonly directory: string;
  /** Process id of what supervises the server; ending it with SIGTERM stops the server and removes the data. */
  readonly supervisorPid: number;
  /** Stops the server as a crash would, and keeps the data. */
  halt(): Promise<void>;
  /** Starts it again after `halt`, on the same port. */
  resume(): Promise<void>;
  /** Stops it and removes the data. */
  stop(): Promise<void>;
}

export interface PrivateClusterOptions {
  /** The server ends when this process does, however it ends. Default: this process. */
  readonly guardianPid?: number;
  /** Further settings of postgresql.conf, each `name=value`. */
  readonly settings?: readonly string[];
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);
const OLDEST_MAJOR = 15;
const USER = 'countersign';
const START_ATTEMPTS = 3;
const READY_PAUSE_MS = 50;
const READY_ATTEMPTS = 600;

/**
 * Runs the server as its child, so that it can be stopped by ending this script, and stops it when the guardian is gone.
 * SIGTERM: fast shutdown, data removed. SIGUSR1: immediate shutdown, data kept.
 */
const SUPERVISOR = `
guardian=$1; directory=$2; shift 2
"$@" & server=$!
finish() { trap '' TERM INT HUP USR1; kill "$1" $server 2>/dev/null; wait $server 2>/dev/null; [ "$2" = keep ] || rm -rf "$directory"; exit 0; }
trap 'finish -INT drop' TERM INT HUP
trap 'finish -QUIT keep' USR1
alive() { if [ -d /proc/self ]; then [ -d "/proc/$guardian" ]; else ps -p "$guardian" >/dev/null 2>&1; fi; }
while alive && kill -0 $server 2>/dev/null; do sleep 1 & wait $!; done
finish -INT drop
`;

/** The newest installed PostgreSQL of at least version 15: the folder of its binaries. */
export function findPostgresBinaries(): string | undefined {
  if (process.platform === 'win32') return undefined;
  const versioned = [
    '/usr/lib/postgresql',
    '/usr/pgsql',
    '/opt/homebrew/opt',
    '/usr/local/opt',
    '/usr/local/pgsql',
    '/Library/PostgreSQL',
  ].flatMap((root) =>
    existsSync(root)
      ? readdirSync(root)
          .sort(newestFirst)
          .map((name) => join(root, name, 'bin'))
      : [],
  );
  return [...onPath(), ...versioned, '/usr/local/pgsql/bin'].find(isUsable);
}

/** Answers `undefined` when no usable PostgreSQL is installed. */
export async function startPrivateCluster(options: PrivateClusterOptions = {}): Promise<PrivateCluster | undefined> {
  const binaries = findPostgresBinaries();
  if (binaries === undefined) return undefined;
  const account = unprivilegedAccount();
  const directory = mkdtempSync(join(tmpdir(), 'countersign-postgres-'));
  try {
    if (account !== undefined) chownSync(directory, account.uid, account.gid);
    const password = randomBytes(18).toString('hex');
    const prepared = { binaries, directory, password, account, options };
    await initialise(prepared);
    return await launch(prepared);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

interface Launch {
  readonly binaries: string;
  readonly directory: string;
  readonly password: string;
  readonly account: Account | undefined;
  readonly options: PrivateClusterOptions;
}

async function launch(launch: Launch): Promise<PrivateCluster> {
  const { directory, password } = launch;
  const started = await startOnFreePort(launch);
  const port = started.port;
  let supervisor = started.supervisor;
  const stop = async (): Promise<void> => {
    process.off('exit', endAtExit);
    await end(supervisor, 'SIGTERM');
    rmSync(directory, { recursive: true, force: true });
  };
  const endAtExit = (): void => {
    if (!supervisor.kill('SIGTERM')) rmSync(directory, { recursive: true, force: true });
  };
  // A guardian of its own outlives this process, and the server with it.
  if (launch.options.guardianPid === undefined) process.on('exit', endAtExit);
  return {
    url: `postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`,
    directory,
    supervisorPid: supervisor.pid ?? 0,
    halt: () => end(supervisor, 'SIGUSR1'),
    resume: async () => {
      supervisor = await startServer(launch, port);
    },
    stop,
  };
}

async function initialise({ binaries, directory, password, account }: Launch): Promise<void> {
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const data = join(directory, 'data');
  const options = [
    '-D',
    data,
    '-U',
    USER,
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-instructions',
  ];
  await run(join(binaries, 'initdb'), options, { ...account, cwd: directory, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });
  rmSync(passwordFile);
}

/** A port that is free now may be taken a moment later, so more than one is tried. */
async function startOnFreePort(launch: Launch): Promise<{ supervisor: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { supervisor: await startServer(launch, port), port };
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function startServer({ binaries, directory, account, options }: Launch, port: number): Promise<ChildProcess> {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'logging_collector=off',
    ...(options.settings ?? []),
  ];
  const server = [join(binaries, 'postgres'), '-D', join(directory, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
  const guardian = String(options.guardianPid ?? process.pid);
  const supervisor = spawn('/bin/sh', ['-c', SUPERVISOR, 'supervisor', guardian, directory, ...server], {
    ...account,
    cwd: directory,
    // A group of its own: Ctrl-C in the terminal must not reach it before its guardian is done.
    detached: true,
    stdio: 'ignore',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  supervisor.unref();
  try {
    await ready(binaries, supervisor, port);
  } catch (error) {
    await end(supervisor, 'SIGUSR1');
    throw error;
  }
  return supervisor;
}

async function ready(binaries: string, supervisor: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < READY_ATTEMPTS && supervisor.exitCode === null; attempt += 1) {
    try {
      await run(join(binaries, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, READY_PAUSE_MS));
    }
  }
  throw new Error(`PostgreSQL did not start on port ${port}`);
}

function end(supervisor: ChildProcess, signal: 'SIGTERM' | 'SIGUSR1'): Promise<void> {
  if (supervisor.exitCode !== null || supervisor.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    supervisor.ref();
    supervisor.once('exit', () => resolve());
    supervisor.kill(signal);
  });
}

/** PostgreSQL refuses to run as root. */
function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody');
  if (account === undefined) throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port')),
      );
    });
  });
}

/** The shell knows the path; `command` fails where it finds nothing. */
function onPath(): string[] {
  try {
    return [dirname(execFileSync('/bin/sh', ['-c', 'command -v initdb'], { encoding: 'utf8' }).trim())];
  } catch {
    return [];
  }
}

function newestFirst(one: string, other: string): number {
  return other.localeCompare(one, 'en', { numeric: true });
}

function isUsable(folder: string): boolean {
  try {
    for (const program of ['initdb', 'postgres', 'pg_isready']) accessSync(join(folder, program), constants.X_OK);
    return majorOf(folder) >= OLDEST_MAJOR;
  } catch {
    return false;
  }
}

function majorOf(folder: string): number {
  const version = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
  return Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1] ?? 0);
}
