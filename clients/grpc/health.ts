import type { Server, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation, service, type ServingStatus } from 'grpc-health-check';

interface Asked {
  readonly service: string;
}
interface Told {
  readonly status: ServingStatus | 'SERVICE_UNKNOWN';
}
type Watching = ServerWritableStream<Asked, Told>;

/**
 * What balancers and probes are told (`grpc.health.v1`), of a fixed set of names.
 *
 * SECURITY: anybody may watch, and the library keeps every name that was ever watched, of up to 64 KiB each, for as long as the
 * process lives. Here only the names that there are have watchers; whoever watches another one is told that nobody knows it, once.
 */
export class Health {
  private readonly answers: HealthImplementation;
  private readonly watchers: ReadonlyMap<string, Set<Watching>>;
  private status: ServingStatus = 'NOT_SERVING';

  constructor(private readonly names: readonly string[]) {
    this.answers = new HealthImplementation(Object.fromEntries(names.map((name) => [name, this.status])));
    this.watchers = new Map(names.map((name) => [name, new Set()]));
  }

  setStatus(status: ServingStatus): void {
    this.status = status;
    for (const name of this.names) this.answers.setStatus(name, status);
    for (const watching of this.watchers.values()) for (const stream of watching) stream.write({ status });
  }

  addToServer(server: Server): void {
    const watch = (stream: Watching): void => {
      this.watch(stream);
    };
    this.answers.addToServer({
      addService: (_service: unknown, handlers: UntypedServiceImplementation) => {
        server.addService(service, { ...handlers, watch: watch as UntypedServiceImplementation[string] });
      },
    });
  }

  private watch(stream: Watching): void {
    const watching = this.watchers.get(stream.request.service);
    watching?.add(stream);
    stream.on('cancelled', () => watching?.delete(stream));
    stream.write({ status: watching === undefined ? 'SERVICE_UNKNOWN' : this.status });
  }
}
