/** Countersign and a stand-in identity provider on this machine, in memory. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '#clients/host.js';
import { createKeyEncryptionKeyFile, parseSettings, SystemClock, usualRotation } from '#clients/operator-tools.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { freePort } from '#devkit/free-port.js';
import { registrations } from './registrations.js';

export interface World {
  readonly issuer: string;
  /** Of all clients of the examples. */
  readonly secret: string;
  /** A token of the identity provider, as alice gets it for the API of front. */
  readonly tokenOfAlice: string;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-example-'));
  const keyEncryptionKeyFile = join(home, 'kek');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const port = await freePort();
  const file = {
    issuer: `http://127.0.0.1:${port}`,
    http: { port },
    grpc: { port: 0 },
    database: { embedded: { directory: null } },
    keys: { keyEncryptionKeyFile, floorFile: join(home, 'floor'), algorithms: ['ES256'], rotation: usualRotation() },
    log: { level: 'warn' },
    outbound: { allowLoopbackHttp: true },
    drainSeconds: 0,
  };
  const identityProvider = new EntraDevIssuer({ clock: new SystemClock() });
  await identityProvider.start();
  const settings = parseSettings(JSON.stringify(file), home, {}, 'dev');
  const host = await startHost(settings, { migrate: true, unsafeRole: 'step-down' });
  const secret = `cs_${randomBytes(32).toString('base64url')}`;
  const digest = createHash('sha256').update(secret).digest('hex');
  for (const document of [sampleDocument, registrations]) {
    await host.administration.importDocument(
      { diagnosticId: randomUUID(), transport: 'cli' },
      document(identityProvider.cloud, digest),
    );
  }
  return {
    issuer: settings.issuer,
    secret,
    tokenOfAlice: identityProvider.issue({ persona: 'alice', version: 2 }),
    stop: async () => {
      await host.stop();
      await identityProvider.stop();
      rmSync(home, { recursive: true });
    },
  };
}
