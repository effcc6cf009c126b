/** How the measured service is configured: as in production, but for the stand-in issuer on this machine. The one place to adjust. */
import type { Settings } from '#utilities/config/contract.js';

export interface ServiceTask {
  readonly databaseUrl: string;
  readonly keyEncryptionKeyFile: string;
  /** Import this document and end. */
  readonly importFile: string | null;
}

export interface ServiceReady {
  readonly restPort: number;
  readonly grpcPort: number;
}

export const serviceIssuer = 'https://auth.bench.example';

export function serviceSettings(task: ServiceTask): Settings {
  const anyPort = { host: '127.0.0.1', port: 0, tls: null };
  return {
    issuer: serviceIssuer,
    http: anyPort,
    grpc: { ...anyPort, reflection: false },
    behindProxy: false,
    database: { kind: 'postgres', url: task.databaseUrl, poolSize: 10 },
    keys: { keyEncryptionKeyFile: task.keyEncryptionKeyFile },
    tokens: { lifetimeSeconds: 600 },
    log: { level: 'warn' },
    outbound: { allowLoopbackHttp: true, allowedPrivateAddresses: [] },
    directories: [],
    drainSeconds: 0,
  };
}
