import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { AnswerCounts } from './answer.counts.js';

const TICK_MS = 10;
/** More than this waits on no connection: whoever arrives then finds a service that does not listen. */
const MOST_UNANSWERED = 50;
const STATUS_LINE = /HTTP\/1\.1 (\d{3})/g;

interface Options {
  readonly port: number;
  readonly requests: readonly Buffer[];
  readonly counts: AnswerCounts;
  readonly connections: number;
  readonly perSecond: number;
}

interface Line {
  readonly socket: Socket;
  unanswered: number;
}

/** Callers that come at their own pace, answered or not. Answers are read for their status alone. */
export class OpenArrivals {
  private lines: Line[] = [];
  private sent = 0;

  constructor(private readonly options: Options) {}

  /** Requests that were sent each second: a machine may not manage as many as were asked for. */
  async run(seconds: number): Promise<number> {
    const { connections, perSecond, requests } = this.options;
    this.lines = Array.from({ length: connections }, () => this.open());
    const startedAt = performance.now();
    let due = 0;
    for (let at = 0; performance.now() - startedAt < seconds * 1_000;) {
      due = (performance.now() - startedAt) * (perSecond / 1_000);
      for (; at < due; at += 1) this.send(at, requests[at % requests.length] ?? Buffer.alloc(0));
      await delay(TICK_MS);
    }
    const rate = this.sent / ((performance.now() - startedAt) / 1_000);
    for (const { socket } of this.lines) socket.destroy();
    return rate;
  }

  private send(at: number, request: Buffer): void {
    const index = at % this.lines.length;
    let line = this.lines[index];
    if (line === undefined) return;
    if (line.socket.destroyed) line = this.lines[index] = this.open();
    if (line.unanswered >= MOST_UNANSWERED) return;
    line.unanswered += 1;
    this.sent += 1;
    line.socket.write(request);
  }

  private open(): Line {
    const { port, counts } = this.options;
    const line: Line = { socket: connect({ port, host: '127.0.0.1', noDelay: true }), unanswered: 0 };
    line.socket.on('error', () => {
      counts.broke();
    });
    line.socket.on('data', (bytes) => {
      for (const [, status] of bytes.toString('latin1').matchAll(STATUS_LINE)) {
        line.unanswered -= 1;
        counts.answered(Number(status));
      }
    });
    return line;
  }
}
