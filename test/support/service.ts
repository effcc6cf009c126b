import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import { type Host, startHost } from '#clients/host.js';
import { ORDERS_CLIENT_ID, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, sampleDocument } from '#devkit/demonstration/sample-document.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import type { Clock } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { parseSettings } from '#utilities/config/settings.loader.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { DatabaseSettings, Settings } from '#utilities/config/contract.js';
import { freePort } from '#devkit/free-port.js';
import { embeddedTemplate } from './database-templates.js';

export { freePort, ORDERS_CLIENT_ID, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE };

export interface TestService {
  readonly settings: Settings;
  readonly host: Host;
  readonly identityProvider: EntraDevIssuer;
  readonly secret: string;
  /** Brings live data to the state of a partial import document. */
  apply(document: Readonly<Record<string, unknown>>): Promise<void>;
  /** One more process, as it were, on the same database. */
  another(): Promise<Host>;
  stop(): Promise<void>;
}

export interface TestServiceOptions {
  readonly database: DatabaseSettings;
  readonly settings?: Partial<Settings>;
  /** Of the service, instead of the clock of the machine. */
  readonly clock?: Clock;
}

/** The whole service on free ports, with the stand-in identity provider and the sample company imported. */
export async function startService(options: TestServiceOptions): Promise<TestService> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  const keyEncryptionKeyFile = join(home, 'kek');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const settings = { ...(await defaults(options.database, keyEncryptionKeyFile)), ...options.settings };
  const identityProvider = new EntraDevIssuer({ clock: new SystemClock() });
  await identityProvider.start();
  const hosts: Host[] = [];
  const clock = options.clock ?? new SystemClock();
  const stop = async (): Promise<void> => {
    await Promise.all(hosts.map((each) => each.stop()));
    await identityProvider.stop();
    rmSync(home, { recursive: true, force: true });
  };
  /** What does not come up leaves no port open: the process of the tests could not end. */
  const orStop = async (error: unknown): Promise<never> => {
    await stop();
    throw error;
  };
  const host = await startHost(settings, {
    migrate: true,
    unsafeRole: 'step-down',
    clock,
    ...(await startingPoint(settings.database)),
  }).catch(orStop);
  hosts.push(host);
  const secret = `cs_${randomBytes(32).toString('base64url')}`;
  const digest = createHash('sha256').update(secret).digest('hex');
  const apply = async (document: Readonly<Record<string, unknown>>): Promise<void> => {
    const context = { diagnosticId: '00000000-0000-4000-8000-000000000001', transport: 'cli' } as const;
    try {
      await host.administration.importDocument(context, document);
    } catch (error) {
      throw isCodedError(error) ? new Error(`${error.code}: ${error.details.actual ?? ''}`, { cause: error }) : error;
    }
  };
  await apply(sampleDocument(identityProvider.cloud, digest)).catch(orStop);
  return {
    settings,
    host,
    identityProvider,
    secret,
    apply,
    another: async () => {
      const second = await startHost(
        { ...settings, http: { ...settings.http, port: 0 }, grpc: { ...settings.grpc, port: 0 } },
        { migrate: false, unsafeRole: 'step-down', clock },
      );
      hosts.push(second);
      return second;
    },
    stop,
  };
}

/** A migrated embedded database is loaded in a tenth of the time that it takes to make one. */
async function startingPoint(database: DatabaseSettings): Promise<{ readonly dataDirectory?: Blob }> {
  return database.kind === 'embedded' && database.directory === null ? { dataDirectory: await embeddedTemplate() } : {};
}

async function defaults(database: DatabaseSettings, keyEncryptionKeyFile: string): Promise<Settings> {
  const port = await freePort();
  const file = {
    issuer: `http://127.0.0.1:${String(port)}`,
    http: { port },
    grpc: { port: 0 },
    database:
      database.kind === 'postgres' ? { url: database.url, poolSize: database.poolSize } : { embedded: { directory: null } },
    keys: {
      keyEncryptionKeyFile,
      floorFile: `${keyEncryptionKeyFile}-floor`,
      algorithms: ['ES256'],
      rotation: usualRotation(),
    },
    log: { level: 'silent' },
    outbound: { allowLoopbackHttp: true },
    drainSeconds: 0,
  };
  return parseSettings(JSON.stringify(file), keyEncryptionKeyFile, {}, 'dev');
}
