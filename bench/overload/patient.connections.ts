import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { readResponse } from '../load/http.response.js';
import type { AnswerCounts } from './answer.counts.js';

const RETRY_AFTER = /\r\nretry-after: *(\d+)/i;

interface Options {
  readonly port: number;
  readonly requests: readonly Buffer[];
  readonly counts: AnswerCounts;
}

/** Callers that have one request under way each, and wait as long as they are told, with a random part on top. */
export class PatientConnections {
  private isOpen = true;
  private readonly running: Promise<void>[] = [];

  constructor(private readonly options: Options) {}

  add(count: number): void {
    for (let made = 0; made < count; made += 1) this.running.push(this.run(made));
  }

  async stop(): Promise<void> {
    this.isOpen = false;
    await Promise.all(this.running);
  }

  private brokeUnlessStopped(): void {
    if (this.isOpen) this.options.counts.broke();
  }

  private async run(first: number): Promise<void> {
    const { port, requests, counts } = this.options;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => undefined);
    for (let at = first; this.isOpen && !socket.destroyed; at += 1) {
      const answer = await ask(socket, requests[at % requests.length] ?? Buffer.alloc(0));
      if (answer === undefined) {
        this.brokeUnlessStopped();
        break;
      }
      counts.answered(answer.status);
      const [, seconds] = answer.status === 200 ? [] : (RETRY_AFTER.exec(answer.head) ?? []);
      if (seconds !== undefined) await delay(Number(seconds) * 1_000 * (1 + Math.random()));
    }
    socket.destroy();
  }
}

/** `undefined`: the connection ended. */
function ask(socket: Socket, request: Buffer): Promise<{ readonly status: number; readonly head: string } | undefined> {
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0);
    const end = (): void => {
      settle(undefined);
    };
    const read = (bytes: Buffer): void => {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
      const response = readResponse(received);
      if (response !== undefined) settle({ status: response.status, head: received.toString('latin1', 0, 600) });
    };
    const settle = (answer: { readonly status: number; readonly head: string } | undefined): void => {
      socket.off('data', read).off('close', end);
      resolve(answer);
    };
    socket.on('data', read).once('close', end);
    socket.write(request);
  });
}
