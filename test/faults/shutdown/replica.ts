import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Backend } from '#devkit/balancer/tcp-balancer.js';
import type { Settings } from '#utilities/config/contract.js';

const HOOKS = join(import.meta.dirname, '../../support/typescript.mjs');
const MAIN = join(import.meta.dirname, 'replica.main.ts');

interface Started {
  readonly httpUrl: string;
  readonly grpcAddress: string;
}

/** How a process ended after SIGTERM. */
export interface Ended {
  readonly code: number | null;
  readonly seconds: number;
}

/** A replica in a process of its own. */
export class Replica {
  readonly http: Backend;
  readonly grpc: Backend;

  private constructor(
    private readonly child: ChildProcess,
    { httpUrl, grpcAddress }: Started,
  ) {
    const readinessUrl = `${httpUrl}/readyz`;
    this.http = { readinessUrl, port: Number(new URL(httpUrl).port) };
    this.grpc = { readinessUrl, port: Number(grpcAddress.slice(grpcAddress.lastIndexOf(':') + 1)) };
  }

  /** @throws Error if it ends before it answers */
  static async start(settings: Settings): Promise<Replica> {
    const child = spawn(process.execPath, ['--import', HOOKS, MAIN, JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const started = await new Promise<Started>((resolve, reject) => {
      child.once('message', (message: Started) => {
        resolve(message);
      });
      child.once('exit', (code) => {
        reject(new Error(`the replica ended before it answered: ${String(code)}`));
      });
    });
    return new Replica(child, started);
  }

  async terminate(): Promise<Ended> {
    const since = performance.now();
    const ended = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill('SIGTERM');
    const [code] = await ended;
    return { code, seconds: (performance.now() - since) / 1_000 };
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
