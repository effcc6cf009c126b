import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Settings } from '#utilities/config/contract.js';

const HOOKS = join(import.meta.dirname, '../../support/typescript.mjs');
const MAIN = join(import.meta.dirname, 'service.replica.main.ts');

/** A replica of the whole service in an operating-system process of its own. */
export class ServiceReplica {
  private constructor(
    private readonly child: ChildProcess,
    readonly httpUrl: string,
  ) {}

  /** @throws Error if it ends before it answers */
  static async start(settings: Settings): Promise<ServiceReplica> {
    const child = spawn(process.execPath, ['--import', HOOKS, MAIN, JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const httpUrl = await new Promise<string>((resolve, reject) => {
      child.once('message', (url: string) => {
        resolve(url);
      });
      child.once('exit', (code) => {
        reject(new Error(`the replica ended before it answered: ${String(code)}`));
      });
    });
    return new ServiceReplica(child, httpUrl);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
