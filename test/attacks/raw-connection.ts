import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PREFACE, settings } from './http2-frames.js';

/** A connection that sends whatever it is told to. */
export class RawConnection {
  /** Whether the other side has ended it. */
  readonly ended: Promise<void>;
  /** What was answered, the newest 64 KiB of it. */
  private answered = Buffer.alloc(0);
  private isEnded = false;

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.answered = Buffer.concat([this.answered, chunk]).subarray(-64 * 1024);
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.isEnded = true;
        resolve();
      };
      socket.once('end', end).once('close', end);
    });
  }

  static async open(target: string): Promise<RawConnection> {
    const at = target.lastIndexOf(':');
    const socket = connect({ host: target.slice(0, at), port: Number(target.slice(at + 1)), noDelay: true });
    const opened = new RawConnection(socket);
    await once(socket, 'connect');
    return opened;
  }

  /** With the beginning of HTTP/2. */
  static async http2(target: string, values: Readonly<Record<number, number>> = {}): Promise<RawConnection> {
    const opened = await RawConnection.open(target);
    await opened.send(Buffer.concat([PREFACE, settings(values)]));
    return opened;
  }

  get text(): string {
    return this.answered.toString('latin1');
  }

  /** As fast as the other side takes it; `false`: it has ended the connection. */
  async send(bytes: Buffer | string): Promise<boolean> {
    if (this.isEnded || this.socket.destroyed) return false;
    if (!this.socket.write(bytes)) await Promise.race([once(this.socket, 'drain').catch(() => undefined), this.ended]);
    return !this.isEnded;
  }

  /** The same bytes so many times, in pieces of some 64 KiB; stops when the other side has had enough. */
  async flood(count: number, piece: (index: number) => Buffer): Promise<void> {
    let batch: Buffer[] = [];
    let size = 0;
    for (let index = 0; index < count; index += 1) {
      const bytes = piece(index);
      batch.push(bytes);
      size += bytes.length;
      if (size < 64 * 1024 && index < count - 1) continue;
      if (!(await this.send(Buffer.concat(batch)))) return;
      batch = [];
      size = 0;
    }
  }

  /** Takes nothing any more of what is answered. */
  deaf(): void {
    this.socket.pause();
  }

  /** Says that nothing more is sent. */
  finish(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }
}
