import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import type { DatabaseStep } from './interrupted.database.js';

export interface ReplicaTask {
  readonly url: string;
  readonly keyEncryptionKeyFile: string;
  readonly keys: Readonly<Record<string, unknown>>;
  /** Unix milliseconds of a clock that stands still until told; `null`: the clock of the machine. */
  readonly startsAt: number | null;
}

/** A step with the database, by its kind and by words that its statement has (a regular expression). */
export interface KillPoint extends Pick<DatabaseStep, 'kind' | 'moment'> {
  readonly words: string;
}

export type ChangeInstruction = { readonly do: 'revoke'; readonly kid: string } | { readonly do: 'advance' | 'rotate' };

export type Instruction =
  | ChangeInstruction
  | { readonly do: 'to'; readonly at: number }
  | { readonly do: 'poll' | 'state' }
  | { readonly do: 'sign-until'; readonly milliseconds: number }
  | { readonly do: 'sign'; readonly algorithm: SigningAlgorithm; readonly times: number }
  /** From now on, the process kills itself at the first step that fits. */
  | { readonly do: 'arm'; readonly at: KillPoint };

export type Command = Instruction & { readonly id: number };
export type CommandAnswer = { readonly value: unknown } | { readonly error: string };

export interface ReplicaState {
  readonly signer: string;
  readonly published: readonly string[];
  readonly observations: number;
  readonly signerMissing: number;
}

const HOOKS = join(import.meta.dirname, '../../support/typescript.mjs');
const MAIN = join(import.meta.dirname, 'replica.main.ts');

/** A replica in a process of its own, which can be killed. */
export class ReplicaProcess {
  private asked = 0;
  private readonly waiting = new Map<number, (answer: CommandAnswer) => void>();

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: CommandAnswer & { id: number }) => {
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    });
    child.on('exit', (_code, signal) => {
      for (const resolve of this.waiting.values()) resolve({ error: `ended by ${signal ?? 'itself'}` });
      this.waiting.clear();
    });
  }

  static async start(task: ReplicaTask): Promise<ReplicaProcess> {
    const child = spawn(process.execPath, ['--import', HOOKS, MAIN, JSON.stringify(task)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const replica = new ReplicaProcess(child);
    const ready = await new Promise<CommandAnswer>((resolve) => replica.waiting.set(0, resolve));
    if ('error' in ready) throw new Error(`the replica did not start: ${ready.error}`);
    return replica;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What came of it; an error is a word code, or how the process ended. */
  tell(instruction: Instruction): Promise<CommandAnswer> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve({ error: 'ended before' });
    this.asked += 1;
    const id = this.asked;
    const answer = new Promise<CommandAnswer>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ ...instruction, id });
    return answer;
  }

  /** @throws Error when it fails */
  async ask<Value>(instruction: Instruction): Promise<Value> {
    const answer = await this.tell(instruction);
    if ('error' in answer) throw new Error(`${instruction.do}: ${answer.error}`);
    return answer.value as Value;
  }

  state(): Promise<ReplicaState> {
    return this.ask<ReplicaState>({ do: 'state' });
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
