/** Starts everything on this machine, makes one call for alice through all three services, and tells what each of them was handed. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '#clients/host.js';
import { createKeyEncryptionKeyFile, parseSettings, SystemClock, usualRotation } from '#clients/operator-tools.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { freePort } from '#devkit/free-port.js';
import { startChain } from './chain.js';
import { registrations } from './registrations.js';

const home = mkdtempSync(join(tmpdir(), 'countersign-three-services-'));
const keyEncryptionKeyFile = join(home, 'kek');
createKeyEncryptionKeyFile(keyEncryptionKeyFile);
const port = await freePort();
const settings = parseSettings(
  JSON.stringify({
    issuer: `http://127.0.0.1:${port}`,
    http: { port },
    grpc: { port: 0 },
    database: { embedded: { directory: null } },
    keys: { keyEncryptionKeyFile, floorFile: join(home, 'floor'), algorithms: ['ES256'], rotation: usualRotation() },
    log: { level: 'warn' },
    outbound: { allowLoopbackHttp: true },
    drainSeconds: 0,
  }),
  home,
  {},
  'dev',
);
const identityProvider = new EntraDevIssuer({ clock: new SystemClock() });
await identityProvider.start();
const host = await startHost(settings, { migrate: true, unsafeRole: 'step-down' });
const secret = `cs_${randomBytes(32).toString('base64url')}`;
const digest = createHash('sha256').update(secret).digest('hex');
for (const document of [sampleDocument(identityProvider.cloud, digest), registrations(identityProvider.cloud, digest)])
  await host.administration.importDocument({ diagnosticId: randomUUID(), transport: 'cli' }, document);

const chain = await startChain({ issuer: settings.issuer, secret, tell: console.log });
const token = identityProvider.issue({ persona: 'alice', version: 2 });
console.log('alice    signed in at the identity provider; her token is for the API of front');
const answer = await fetch(`${chain.front}/orders/7`, { headers: { authorization: `Bearer ${token}` } });
console.log(`alice    ← ${answer.status} ${(await answer.text()).trim()}`);

await chain.stop();
await host.stop();
await identityProvider.stop();
rmSync(home, { recursive: true });
process.exitCode = answer.status === 200 ? 0 : 1;
