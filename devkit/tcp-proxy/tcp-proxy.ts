import { createServer, type Server, type Socket } from 'node:net';
import { NO_FAULTS, type ProxyFaults } from './proxy-faults.js';
import { type Address, RelayedConnection } from './relayed-connection.js';

/** Stands between a client and a server on this machine and does to their connections what a bad network would. */
export class TcpProxy {
  private readonly connections = new Set<RelayedConnection>();
  private server: Server | undefined;
  private faults = NO_FAULTS;

  constructor(private readonly deps: { readonly target: Address }) {}

  /** Answers where it listens: a free port of this machine. */
  async start(): Promise<Address> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.take(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    this.server = server;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return { host: '127.0.0.1', port: address.port };
  }

  /** From now on; what is not named goes back to being fine. */
  set(faults: Partial<ProxyFaults>): void {
    this.faults = { ...NO_FAULTS, ...faults };
  }

  /** Resets every open connection and refuses new ones. */
  cut(): void {
    this.set({ refuse: true });
    this.resetAll();
  }

  /** Everything is fine again. Connections that lost bytes cannot go on, so they are reset. */
  heal(): void {
    if (this.faults.blackhole || this.faults.muteAnswers) this.resetAll();
    this.set({});
  }

  /** How many connections are open through it. */
  get open(): number {
    return this.connections.size;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    this.resetAll();
    await closed;
  }

  private take(downstream: Socket): void {
    if (this.faults.refuse) {
      downstream.on('error', () => undefined);
      downstream.resetAndDestroy();
      return;
    }
    const connection: RelayedConnection = new RelayedConnection({
      downstream,
      target: this.deps.target,
      faults: () => this.faults,
      closed: () => this.connections.delete(connection),
    });
    this.connections.add(connection);
  }

  private resetAll(): void {
    for (const connection of [...this.connections]) connection.reset();
  }
}
