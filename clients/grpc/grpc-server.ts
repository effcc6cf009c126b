import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Server, ServerCredentials, type ServerInterceptor, type ServerOptions } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { ServerGrpc } from '@nestjs/microservices';
import type { ConnectionSettings, Settings } from '#utilities/config/contract.js';
import type { ServerTls } from '../tls/contract.js';
import { GRPC_SERVICES } from './grpc-services.js';
import { http2ServersOf } from './call-connection.js';
import { Health } from './health.js';
import { handOnRepeatedAuthorization } from './repeated-headers.js';
import { ReloadedServerCredentials } from './tls-credentials.js';
import { handingOnUndecodable } from './undecodable.js';

const MESSAGE_LIMIT_BYTES = 64 * 1024;
/** Long lists and explanations of a whole batch; clients take 4 MiB by default. */
const ANSWER_LIMIT_BYTES = 2 * 1024 * 1024;
/** Of the whole server, and of each service: what a balancer that asks for either is told. */
const HEALTH_NAMES = ['', ...GRPC_SERVICES.map(({ name }) => name)];

export interface GrpcServerOptions {
  readonly settings: Settings['grpc'];
  readonly connections: ConnectionSettings;
  /** `null`: plaintext. */
  readonly tls: ServerTls | null;
  readonly interceptors: readonly ServerInterceptor[];
  /** Longest wait for calls in flight when the server closes. */
  readonly drainMilliseconds: number;
  /** Ends calls that have no end of their own, when clients have been told to connect elsewhere. */
  readonly onClosing: () => void;
}

/**
 * The gRPC server as a Nest transport: services are registered before the port opens, interceptors are grpc-js's own, the bound
 * port can be read, and closing is bounded. Nest's own strategy does none of the four.
 */
export class GrpcServer extends ServerGrpc {
  private boundPort = 0;
  private closing: Promise<void> | undefined;
  private readonly health = new Health(HEALTH_NAMES);

  constructor(private readonly server: GrpcServerOptions) {
    super({
      package: [...new Set(GRPC_SERVICES.map(({ name }) => name.slice(0, name.lastIndexOf('.'))))],
      packageDefinition: Object.fromEntries(
        GRPC_SERVICES.map(({ name, definition }) => [name, handingOnUndecodable(definition)]),
      ),
    });
  }

  /** The port that is open; the one asked for, unless that was 0. */
  get port(): number {
    return this.boundPort;
  }

  setServing(serving: boolean): void {
    this.health.setStatus(serving ? 'SERVING' : 'NOT_SERVING');
  }

  override createClient(): Promise<Server> {
    return Promise.resolve(
      new Server({
        interceptors: [...this.server.interceptors],
        'grpc.max_receive_message_length': MESSAGE_LIMIT_BYTES,
        'grpc.max_send_message_length': ANSWER_LIMIT_BYTES,
        ...connectionOptions(this.server.connections),
      }),
    );
  }

  override async start(callback?: () => void): Promise<void> {
    await this.bindEvents();
    const server = this.grpcClient as Server;
    this.health.addToServer(server);
    if (this.server.settings.reflection) new ReflectionService(reflectedPackage()).addToServer(server);
    this.boundPort = await bind(server, this.server);
    handOnRepeatedAuthorization(http2ServersOf(server));
    callback?.();
  }

  override close(): Promise<void> {
    this.closing ??= this.drain();
    return this.closing;
  }

  private async drain(): Promise<void> {
    const server = this.grpcClient as Server | null | undefined;
    // Nothing was started yet when another part of the start-up failed.
    if (server === null || server === undefined) return;
    const drained = new Promise<void>((resolve) => {
      server.tryShutdown(() => {
        resolve();
      });
    });
    // Every connection has its GOAWAY by now, so that whoever opens such a call anew finds another instance.
    this.server.onClosing();
    const limit = new Promise<void>((resolve) => setTimeout(resolve, this.server.drainMilliseconds).unref());
    await Promise.race([drained, limit]);
    server.forceShutdown();
  }
}

function connectionOptions(connections: ConnectionSettings): ServerOptions {
  const { keepaliveSeconds, keepaliveTimeoutSeconds, maxAgeSeconds, maxAgeGraceSeconds, maxStreams } = connections;
  return {
    'grpc.keepalive_time_ms': keepaliveSeconds * 1_000,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutSeconds * 1_000,
    ...(maxAgeSeconds === null ? {} : { 'grpc.max_connection_age_ms': maxAgeSeconds * 1_000 }),
    'grpc.max_connection_age_grace_ms': maxAgeGraceSeconds * 1_000,
    'grpc.max_concurrent_streams': maxStreams,
  };
}

function bind(server: Server, { settings, tls }: GrpcServerOptions): Promise<number> {
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  const credentials = tls === null ? ServerCredentials.createInsecure() : new ReloadedServerCredentials(tls);
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${String(settings.port)}`, credentials, (error, port) => {
      if (error !== null) {
        reject(error);
        return;
      }
      resolve(port);
    });
  });
}

/** The files of the descriptor set, each by itself, as `ReflectionService` looks for them. Generated code carries no descriptors. */
function reflectedPackage(): PackageDefinition {
  const set = join(import.meta.dirname, '..', '..', 'protos', 'generated', 'descriptors.binpb');
  const reader = new BinaryReader(readFileSync(set));
  const fileDescriptorProtos: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.tag();
    fileDescriptorProtos.push(Buffer.from(reader.bytes()));
  }
  const nothing = { serialize: () => Buffer.alloc(0), deserialize: () => ({}) };
  return { countersign: { format: 'Protocol Buffer 3 DescriptorProto', type: {}, ...nothing, fileDescriptorProtos } };
}
