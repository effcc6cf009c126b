/**
 * Unary calls of one method over one HTTP/2 connection, several at a time. A full client costs as much as the server that is
 * measured and could not keep it busy from one core; this one writes what a moment brings in one piece, as C clients do.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { flag, frame, frameHeadLength, frameType, preface, readFrame, saysOk, settingsAcknowledged } from './http2.frames.js';
import type { Frame, HeaderBlocks } from './http2.frames.js';

export interface GrpcCalls {
  /** The next message with its prefix, or `undefined` to begin no further call. */
  next(): { readonly message: Buffer; readonly subject: number } | undefined;
  answered(subject: number, startedAt: number, message: Buffer): void;
  failed(text: string): void;
}

interface OpenCall {
  readonly subject: number;
  readonly startedAt: number;
  message: Buffer;
}

const nothing = Buffer.alloc(0);
const initialWindow = 65_535;
/** More than any message has. */
const leastWindow = 16_384;

export class GrpcConnection {
  readonly #socket: Socket;
  readonly #blocks: HeaderBlocks;
  readonly #calls: GrpcCalls;
  readonly #open = new Map<number, OpenCall>();
  #received: Buffer = nothing;
  #outgoing: Buffer[] = [preface];
  #stream = -1;
  #window = initialWindow;
  /** Calls that may begin: as many as streams are free. */
  #free: number;
  #finished = false;
  #ended = false;

  constructor(port: number, streams: number, blocks: HeaderBlocks, calls: GrpcCalls) {
    this.#free = streams;
    this.#blocks = blocks;
    this.#calls = calls;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
  }

  /** Ends when `next` gives nothing more and every call is answered. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.on('connect', () => {
        this.#begin();
      });
      this.#socket.on('data', (bytes) => {
        this.#receive(bytes);
      });
      this.#socket.on('error', (error) => {
        this.#calls.failed(`connection: ${error.message}`);
      });
      this.#socket.on('close', () => {
        if (!this.#ended) this.#calls.failed('the server closed a connection');
        resolve();
      });
    });
  }

  #begin(): void {
    while (this.#free > 0 && this.#window >= leastWindow) {
      const call = this.#calls.next();
      if (call === undefined) {
        this.#finished = true;
        break;
      }
      this.#free -= 1;
      this.#stream += 2;
      this.#window -= call.message.length;
      const block = this.#stream === 1 ? this.#blocks.first : this.#blocks.later;
      this.#outgoing.push(
        frame(frameType.headers, flag.endHeaders, this.#stream, block),
        frame(frameType.data, flag.endStream, this.#stream, call.message),
      );
      this.#open.set(this.#stream, { subject: call.subject, startedAt: performance.now(), message: nothing });
    }
    this.#flush();
    if (this.#finished && this.#open.size === 0) this.#end();
  }

  #flush(): void {
    if (this.#outgoing.length > 0) this.#socket.write(Buffer.concat(this.#outgoing));
    this.#outgoing = [];
  }

  #end(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    let offset = 0;
    for (let next = readFrame(this.#received, 0); next !== undefined; next = readFrame(this.#received, offset)) {
      offset += frameHeadLength + next.payload.length;
      this.#take(next);
    }
    this.#received = this.#received.subarray(offset);
    if (!this.#ended) this.#begin();
  }

  #take(received: Frame): void {
    const { type, stream, payload } = received;
    if (type === frameType.data || type === frameType.headers) this.#takeAnswer(received);
    else if (type === frameType.settings || type === frameType.ping) this.#acknowledge(received);
    else if (type === frameType.windowUpdate && stream === 0) this.#window += payload.readUInt32BE(0);
    else if (type === frameType.reset) this.#fail(stream, 'the server reset a stream');
    else if (type === frameType.goAway) this.#calls.failed('the server sent GOAWAY');
  }

  #acknowledge({ type, flags, payload }: Frame): void {
    if (flags === flag.acknowledged) return;
    this.#outgoing.push(type === frameType.settings ? settingsAcknowledged : frame(type, flag.acknowledged, 0, payload));
  }

  #takeAnswer({ type, flags, stream, payload }: Frame): void {
    const call = this.#open.get(stream);
    if (call === undefined) {
      this.#calls.failed('an answer for no call');
      return;
    }
    if (type === frameType.data) call.message = call.message.length === 0 ? payload : Buffer.concat([call.message, payload]);
    if ((flags & flag.endStream) === 0) return;
    if (type !== frameType.headers || !saysOk(payload)) {
      this.#fail(stream, 'a call ended without status 0');
      return;
    }
    this.#close(stream);
    this.#calls.answered(call.subject, call.startedAt, call.message);
  }

  #fail(stream: number, text: string): void {
    if (this.#open.has(stream)) this.#close(stream);
    this.#calls.failed(text);
  }

  #close(stream: number): void {
    this.#open.delete(stream);
    this.#free += 1;
  }
}
