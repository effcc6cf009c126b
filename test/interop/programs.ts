/** Other people's programs: found, run to their end, or kept running beside the service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Skipped } from './outcome.js';

/** Debian keeps servers where users do not look; Go has a place of its own. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/go/bin'];
const STARTS_WITHIN_MS = 15_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly seconds?: number;
}

/** @throws Skipped where it is not installed */
export function program(name: string, debianPackage: string): string {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_PLACES];
  const found = places.map((place) => join(place, name)).find(isRunnable);
  if (found === undefined) throw new Skipped(`there is no ${name} (Debian: ${debianPackage})`);
  return found;
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end; one that takes longer than it may is killed, and has no status. */
export async function run(command: string, parameters: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(command, parameters, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: (options.seconds ?? 60) * 1000,
    killSignal: 'SIGKILL',
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
  // A program that ends without reading what it is given is no fault.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { status, ...texts };
}

/** @throws Error with what it printed, unless it ends well */
export async function succeed(command: string, parameters: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(command, parameters, options);
  if (status !== 0)
    throw new Error(`${command} ${parameters[0] ?? ''}: ${String(status)} ${stderr.trim()} ${stdout.trim()}`.slice(0, 2000));
  return stdout;
}

/** A server of somebody else's, on ports of this machine, until it is stopped. */
export interface Server {
  /** What it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a server and waits until all of `ports` are open. @throws Error with what it printed if it ends first */
export async function startServer(command: string, parameters: readonly string[], ports: readonly number[]): Promise<Server> {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(impatient);
  };
  try {
    for (const port of ports) await opened(child, port);
  } catch (error) {
    await stop();
    throw new Error(`${command} does not start: ${output.trim()}`, { cause: error });
  }
  return { output: () => output, stop };
}

async function opened(child: ChildProcess, port: number): Promise<void> {
  const giveUpAt = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < giveUpAt) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    if (await isOpen(port)) return;
    await delay(20);
  }
  throw new Error(`nothing listens on ${String(port)}`);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
