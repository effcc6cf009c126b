import { createServer, type IncomingMessage, type Server } from 'node:http';

export interface JsonAnswer {
  readonly status?: number;
  readonly contentType?: string;
  readonly location?: string;
  readonly body: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string | Buffer;
}

/** An HTTP server on this host that answers JSON to JSON. */
export class JsonEndpoint {
  private server: Server | undefined;
  /** Headers and bodies of what was asked, oldest first. */
  readonly asked: { readonly headers: IncomingMessage['headers']; readonly body: unknown }[] = [];

  constructor(private readonly answer: (body: unknown) => JsonAnswer | Promise<JsonAnswer>) {}

  async start(port = 0): Promise<string> {
    const server = createServer((request, response) => {
      void bodyOf(request).then(async (body) => {
        this.asked.push({ headers: request.headers, body });
        const { status = 200, contentType = 'application/json', location, body: told, text } = await this.answer(body);
        response.writeHead(status, { 'content-type': contentType, ...(location === undefined ? {} : { location }) });
        response.end(text ?? JSON.stringify(told));
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.server = server;
    return `http://127.0.0.1:${String(this.port)}/facts`;
  }

  get port(): number {
    const address = this.server?.address();
    if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
    return address.port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  const parts: AsyncIterable<Buffer> = request;
  for await (const part of parts) chunks.push(part);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? null : (JSON.parse(text) as unknown);
}
