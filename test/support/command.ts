import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'clients', 'main.js');

export interface Finished {
  readonly status: number | null;
  readonly output: string;
}

/** A running `countersign` process; `output` grows. */
export interface Running {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Resolves once `text` was printed. @throws Error if the process ends first */
  printed(text: string): Promise<void>;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Finished>;
}

/** Runs a built command to its end, standard output and error together. */
export async function countersign(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const child = start(parameters, environment);
  return finished(child.process, child.output);
}

export function start(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const { DATABASE_URL: _unused, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, ...parameters], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return {
    process: child,
    output: () => output,
    printed: (text) => printed(child, () => output, text),
    end: (signal) => {
      child.kill(signal);
      return finished(child, () => output);
    },
  };
}

function printed(child: ChildProcess, output: () => string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (!output().includes(text)) return;
      child.off('close', gone);
      resolve();
    };
    const gone = (): void => {
      reject(new Error(`the process ended before it printed "${text}":\n${output()}`));
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', gone);
    look();
  });
}

function finished(child: ChildProcess, output: () => string): Promise<Finished> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve({ status: child.exitCode, output: output() });
  return new Promise((resolve) => {
    child.once('close', (status) => {
      resolve({ status, output: output() });
    });
  });
}
