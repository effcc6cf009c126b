/** The parent's side of a child: started on its core, ready before it is used, and never left behind. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { CleanUp } from './clean-up.js';
import type { ParentMessage } from './parent-link.js';

export interface ProcessPlan {
  readonly name: string;
  /** Compiled file to run, absolute. */
  readonly file: string;
  readonly task: object;
  /** Core to pin to; `null`: wherever the scheduler likes. */
  readonly core: number | null;
}

interface KindedMessage {
  readonly kind: string;
}

export class MeasuredProcess<Ready extends object> {
  readonly pid: number;
  readonly ready: Ready;
  readonly #child: ChildProcess;
  readonly #name: string;

  private constructor(name: string, child: ChildProcess, pid: number, ready: Ready) {
    this.#name = name;
    this.#child = child;
    this.pid = pid;
    this.ready = ready;
  }

  /** Ends when the child says that it is ready. What children print goes to stderr, so that stdout ends with the result. */
  static async start<Ready extends object>(plan: ProcessPlan, cleanUp: CleanUp): Promise<MeasuredProcess<Ready>> {
    const node = [process.execPath, '--enable-source-maps', plan.file, JSON.stringify(plan.task)];
    const [command = '', ...commandArguments] = plan.core === null ? node : ['taskset', '-c', String(plan.core), ...node];
    const child = spawn(command, commandArguments, { stdio: ['ignore', 2, 2, 'ipc'] });
    process.once('exit', () => child.kill('SIGKILL'));
    let isReady = false;
    cleanUp.defer(() => end(child, isReady));
    const ready = await nextMessage<Ready & KindedMessage>(plan.name, child, 'ready');
    isReady = true;
    if (child.pid === undefined) throw new Error(`${plan.name} has no process id`);
    return new MeasuredProcess(plan.name, child, child.pid, ready);
  }

  /** Sends a message and awaits the answer of this kind. */
  async ask<Answer extends object>(message: object | ParentMessage, kind: string): Promise<Answer> {
    const answer = nextMessage<Answer & KindedMessage>(this.#name, this.#child, kind);
    this.#child.send(message);
    return answer;
  }

  tell(message: object): void {
    this.#child.send(message);
  }

  onMessage(kind: string, heard: () => void): () => void {
    const listener = (message: unknown): void => {
      if (isKind(message, kind)) heard();
    };
    this.#child.on('message', listener);
    return () => this.#child.off('message', listener);
  }

  async stop(): Promise<void> {
    await end(this.#child, true);
  }
}

/** Asks the child to end, and ends it if it does not within 10 s, or if it cannot listen yet. */
async function end(child: ChildProcess, isReady: boolean): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  if (isReady && child.connected) child.send('stop' satisfies ParentMessage);
  else child.kill('SIGKILL');
  const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(impatient);
}

function nextMessage<Message extends KindedMessage>(name: string, child: ChildProcess, kind: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      child.off('message', heard).off('exit', gone).off('error', reject);
      finish();
    };
    const heard = (message: unknown): void => {
      if (isKind(message, kind))
        settle(() => {
          resolve(message as Message);
        });
    };
    const gone = (code: number | null, signal: string | null): void => {
      settle(() => {
        reject(new Error(`the ${name} ended early (${signal ?? `exit code ${String(code)}`}): see its output above`));
      });
    };
    child.on('message', heard).on('exit', gone).on('error', reject);
  });
}

function isKind(message: unknown, kind: string): message is KindedMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === kind;
}
