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

export interface Arrived {
  /** Callers that came, at the pace that was asked for as far as this machine managed. */
  readonly arrivedPerSecond: number;
  /** Those whose request was put on a connection: the others found every place taken by requests that wait for an answer. */
  readonly sentPerSecond: number;
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

  async run(seconds: number): Promise<Arrived> {
    const { connections, perSecond, requests } = this.options;
    this.lines = Array.from({ length: connections }, () => this.open());
    const startedAt = performance.now();
    let arrived = 0;
    while (performance.now() - startedAt < seconds * 1_000) {
      const due = (performance.now() - startedAt) * (perSecond / 1_000);
      for (; arrived < due; arrived += 1) this.send(arrived, requests[arrived % requests.length] ?? Buffer.alloc(0));
      await delay(TICK_MS);
    }
    const took = (performance.now() - startedAt) / 1_000;
    for (const { socket } of this.lines) socket.destroy();
    return { arrivedPerSecond: arrived / took, sentPerSecond: this.sent / took };
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
