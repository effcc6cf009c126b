/** How the measured service is configured: as in production, but for the stand-in issuer on this machine. The one place to adjust. */
import type { Settings } from '#utilities/config/contract.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import { parseSettings } from '#utilities/config/settings.loader.js';

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
  const file = {
    issuer: serviceIssuer,
    http: { port: 0 },
    grpc: { port: 0 },
    database: { url: task.databaseUrl },
    keys: {
      keyEncryptionKeyFile: task.keyEncryptionKeyFile,
      floorFile: `${task.keyEncryptionKeyFile}-floor`,
      algorithms: ['ES256'],
      rotation: usualRotation(),
    },
    log: { level: 'warn' },
    outbound: { allowLoopbackHttp: true },
    // One client makes all the load.
    limits: { perClientPerSecond: null },
    drainSeconds: 0,
  };
  return parseSettings(JSON.stringify(file), task.keyEncryptionKeyFile, {}, 'dev');
}
