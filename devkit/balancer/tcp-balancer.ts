import { connect, createServer, type Server, type Socket } from 'node:net';

/** One replica as the balancer knows it. */
export interface Backend {
  /** Asked again and again; only a replica that answers 200 is given new connections. */
  readonly readinessUrl: string;
  readonly port: number;
}

interface Known {
  readonly backend: Backend;
  isReady: boolean;
  /** Questions without any answer, one after the other. */
  silent: number;
}

/** As usual elsewhere: an answer that says no counts at once, one that did not come in time the third time. */
const MOST_SILENT = 3;

/**
 * A balancer of connections, as a service of Kubernetes or a cloud's network balancer is: it gives each new connection to one of the
 * replicas that say they are ready, in turn, and leaves open connections alone. It retries nothing and reads nothing of what passes.
 */
export class TcpBalancer {
  private known: Known[] = [];
  private readonly sockets = new Set<Socket>();
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private turn = 0;
  /** Connections for which no replica was ready or reachable. */
  unserved = 0;

  private constructor(
    private readonly server: Server,
    private readonly pollMs: number,
  ) {
    server.on('connection', (socket) => {
      this.serve(socket);
    });
    this.schedule();
  }

  static async start(pollMs: number): Promise<TcpBalancer> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TcpBalancer(server, pollMs);
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return address.port;
  }

  /** Takes the place of all that were known. */
  async set(backends: readonly Backend[]): Promise<void> {
    this.known = backends.map(
      (backend) => this.known.find((one) => one.backend === backend) ?? { backend, isReady: false, silent: 0 },
    );
    await this.poll();
  }

  /** Whether the replica is given new connections. */
  serves(backend: Backend): boolean {
    return this.known.some((one) => one.backend === backend && one.isReady);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** One after the other: an answer that comes late must not count more than a newer one. */
  private schedule(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      void this.poll().then(() => {
        this.schedule();
      });
    }, this.pollMs).unref();
  }

  private async poll(): Promise<void> {
    await Promise.all(
      this.known.map(async (one) => {
        const answer = await ask(one.backend.readinessUrl);
        one.silent = answer === 'silent' ? one.silent + 1 : 0;
        if (answer !== 'silent') one.isReady = answer === 'ready';
        else if (one.silent >= MOST_SILENT) one.isReady = false;
      }),
    );
  }

  private serve(client: Socket): void {
    const ready = this.known.filter(({ isReady }) => isReady);
    const chosen = ready[(this.turn += 1) % Math.max(1, ready.length)];
    if (chosen === undefined) {
      this.unserved += 1;
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: '127.0.0.1', port: chosen.backend.port, noDelay: true, allowHalfOpen: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(from);
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.on('error', () => {
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

async function ask(url: string): Promise<'ready' | 'not ready' | 'silent'> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.arrayBuffer();
    return answer.ok ? 'ready' : 'not ready';
  } catch (error) {
    return (error as { readonly name?: string }).name === 'TimeoutError' ? 'silent' : 'not ready';
  }
}
