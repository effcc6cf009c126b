import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { demonstrate } from '#devkit/demonstration/demonstration.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, sampleDocument } from '#devkit/demonstration/sample-document.js';
import { freePort, isFree } from '#devkit/free-port.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import type { Settings } from '#utilities/config/contract.js';
import { type Host, startHost } from '../host.js';
import { createKeyEncryptionKeyFile, parseSettings, SystemClock, usualRotation } from '../operator-tools.js';
import { makeClientSecret } from './secret.commands.js';

export interface DevOptions {
  /** Where the embedded database and the key-encryption key live; `null`: nothing outlives the process. */
  readonly directory: string | null;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly issuerPort: number;
  readonly databaseUrl: string | undefined;
}

/** Everything that `countersign dev` runs: the service, the stand-in identity provider and a sample company. */
export interface DevSession {
  readonly settings: Settings;
  readonly host: Host;
  readonly identityProviderUrl: string;
  /** Its token endpoint, where personas sign in. */
  readonly signInUrl: string;
  readonly signInScope: string;
  readonly clientSecret: string;
  readonly audience: string;
  readonly clientId: string;
  /** Does the exchanges and tells about them. @throws Error if they fail */
  demonstrate(): Promise<string[]>;
  stop(): Promise<void>;
}

/**
 * Starts a development session. Ports that are taken are replaced by free ones. The client secret is made anew each time.
 */
export async function startDevSession(options: DevOptions): Promise<DevSession> {
  const home = options.directory ?? mkdtempSync(join(tmpdir(), 'countersign-dev-'));
  const settings = await devSettings(options, home);
  const identityProvider = new EntraDevIssuer({ clock: new SystemClock() });
  const { url: identityProviderUrl } = await identityProvider.start({
    host: '127.0.0.1',
    port: await portOr(options.issuerPort),
  });
  const host = await startHost(settings, { migrate: true, unsafeRole: 'step-down' }).catch(async (error: unknown) => {
    await identityProvider.stop();
    throw error;
  });
  const { secret, sha256 } = makeClientSecret();
  await host.administration.importDocument(
    { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'cli' },
    sampleDocument(identityProvider.cloud, sha256),
  );
  return {
    settings,
    host,
    identityProviderUrl,
    signInUrl: `${identityProviderUrl}/${DEV_DIRECTORY_ID}/oauth2/v2.0/token`,
    signInScope: `api://${DEV_API_CLIENT_ID}/.default`,
    clientSecret: secret,
    audience: SAMPLE_AUDIENCE,
    clientId: PORTAL_CLIENT_ID,
    demonstrate: () =>
      demonstrate({
        issuer: settings.issuer,
        grpcAddress: host.grpcAddress,
        audience: SAMPLE_AUDIENCE,
        clientId: PORTAL_CLIENT_ID,
        clientSecret: secret,
        subjectToken: identityProvider.issue({
          persona: 'alice',
          version: 2,
          audience: DEV_API_CLIENT_ID,
          clientId: DEV_SPA_CLIENT_ID,
        }),
      }),
    stop: async () => {
      await host.stop();
      await identityProvider.stop();
      if (options.directory === null) rmSync(home, { recursive: true, force: true });
    },
  };
}

async function devSettings(options: DevOptions, home: string): Promise<Settings> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const keyEncryptionKeyFile = resolve(home, 'key-encryption-key');
  if (!existsSync(keyEncryptionKeyFile)) createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const httpPort = await portOr(options.httpPort);
  const file = {
    issuer: `http://127.0.0.1:${String(httpPort)}`,
    http: { port: httpPort },
    grpc: { port: await portOr(options.grpcPort), reflection: true },
    database: databaseOf(options, home),
    keys: { keyEncryptionKeyFile, floorFile: join(home, 'keyring-floor'), algorithms: ['ES256'], rotation: usualRotation() },
    log: { level: 'warn' },
    outbound: { allowLoopbackHttp: true },
    drainSeconds: 0,
  };
  return parseSettings(JSON.stringify(file), join(process.cwd(), 'countersign dev'), {}, 'dev');
}

function databaseOf(options: DevOptions, home: string): object {
  if (options.databaseUrl !== undefined) return { url: options.databaseUrl };
  return { embedded: { directory: options.directory === null ? null : resolve(home, 'database') } };
}

/** The wanted port if nobody listens there, else any that is free. */
async function portOr(wanted: number): Promise<number> {
  return wanted !== 0 && (await isFree(wanted)) ? wanted : freePort();
}
