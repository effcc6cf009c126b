/** Form posts over kept-alive raw sockets: each connection has one request under way, prepared in full before the run. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { AnswerCheck } from './answer.check.js';
import { readResponse } from './http.response.js';
import type { LoadSubjects, ReceivedAnswer } from './load.contract.js';
import type { MeasuredWindow } from './measured.window.js';

const connections = 64;
const nothing = Buffer.alloc(0);

export function prepareRestRequest(token: string, world: LoadSubjects): Buffer {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: world.audience,
  }).toString();
  const credentials = Buffer.from(`${encodeURIComponent(world.clientId)}:${encodeURIComponent(world.clientSecret)}`).toString(
    'base64',
  );
  const head = [
    'POST /oauth2/token HTTP/1.1',
    'host: 127.0.0.1',
    `authorization: Basic ${credentials}`,
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${String(Buffer.byteLength(body))}`,
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`);
}

/** Ends when the window is closed and every request under way has its answer. */
export async function loadRest(port: number, world: LoadSubjects, window: MeasuredWindow, check: AnswerCheck): Promise<void> {
  const requests = world.subjects.map((subject) => prepareRestRequest(subject.token, world));
  await Promise.all(
    Array.from({ length: connections }, (_, index) => new RestConnection(port, requests, window, check, index).run()),
  );
}

class RestConnection {
  readonly #socket: Socket;
  readonly #requests: readonly Buffer[];
  readonly #window: MeasuredWindow;
  readonly #check: AnswerCheck;
  #subject: number;
  #received: Buffer = nothing;
  #startedAt = 0;

  constructor(port: number, requests: readonly Buffer[], window: MeasuredWindow, check: AnswerCheck, first: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#requests = requests;
    this.#window = window;
    this.#check = check;
    this.#subject = first;
  }

  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.on('connect', () => {
        this.#next();
      });
      this.#socket.on('data', (bytes) => {
        this.#receive(bytes);
      });
      this.#socket.on('error', (error) => {
        this.#check.fail(`connection: ${error.message}`);
      });
      this.#socket.on('close', () => {
        if (!this.#window.isClosed) this.#check.fail('the server closed a connection');
        resolve();
      });
    });
  }

  #next(): void {
    if (this.#window.isClosed) {
      this.#socket.destroy();
      return;
    }
    this.#subject = (this.#subject + connections + 1) % this.#requests.length;
    this.#startedAt = performance.now();
    this.#socket.write(this.#requests[this.#subject] ?? nothing);
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    try {
      const response = readResponse(this.#received);
      if (response === undefined) return;
      if (response.length !== this.#received.length) this.#check.fail('more bytes than one response');
      this.#received = nothing;
      this.#window.completed(this.#startedAt);
      if (response.status === 200) this.#check.accept(this.#subject, JSON.parse(response.body) as ReceivedAnswer);
      else this.#check.fail(`status ${String(response.status)}: ${response.body.slice(0, 200)}`);
      this.#next();
    } catch (error) {
      this.#check.fail(String(error));
      this.#socket.destroy();
    }
  }
}
