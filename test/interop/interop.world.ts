/** The real service, twice on one database: plaintext for what a proxy fronts, and TLS on both ports for everybody else. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import { type Host, startHost } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { DEV_API_CLIENT_ID, DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import type { BenchDatabase } from '../../bench/world/bench.database.js';
import { authority, certificateOf, type SelfSigned } from '../support/self-signed.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { createServiceLogin } from '../support/service-login.js';

export { SAMPLE_AUDIENCE };

/** An application for what cannot check ES256. */
export const RSA_AUDIENCE = 'https://archive.acme.example';
export const CALLER = 'interop';
/** A gateway that hands on headers. */
export const GATEWAY = 'edge';
const AWAY_DIRECTORY_ID = 'a0a0a0a0-0000-4000-8000-00000000000a';

export interface InteropWorld {
  readonly folder: string;
  readonly service: TestService;
  /** Both ports without TLS. */
  readonly plain: Host;
  /** Both ports with TLS, by `server`. */
  readonly secure: Host;
  /** File with the certificate of the authority that vouches for `server`. */
  readonly caFile: string;
  readonly ca: string;
  /** Of an authority that has nothing to do with it. */
  readonly otherCaFile: string;
  readonly server: SelfSigned & { readonly certificateFile: string; readonly keyFile: string };
  /** Its keys cannot be had: it is not there. */
  readonly away: EntraDevIssuer;
  /** Configuration file for commands of `countersign` on the same database. */
  readonly configFile: string;
  stop(): Promise<void>;
}

export async function startWorld(database: BenchDatabase): Promise<InteropWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-interop-'));
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const vouching = authority('interop authority');
  const made = certificateOf({ authority: vouching });
  const server = { ...made, certificateFile: file('server.pem', made.certificate), keyFile: file('server.key', made.privateKey) };
  const keyEncryptionKeyFile = join(folder, 'kek');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const keys = {
    keyEncryptionKeyFile,
    floorFile: join(folder, 'floor'),
    algorithms: ['ES256', 'RS256'] as const,
    rotation: usualRotation(),
  };
  const settings = { kind: 'postgres', url: database.url, poolSize: 5 } as const;
  const grpc = { host: '127.0.0.1', port: 0, tls: null, certificateProxies: null, reflection: true };
  const service = await startService({ database: settings, settings: { keys, grpc } });
  const away = await absentIssuer();
  await service.apply(worldDocument(service, away));
  const tls = {
    certFile: server.certificateFile,
    keyFile: server.keyFile,
    clientCertificates: 'none',
    clientCaFile: null,
  } as const;
  const secure = await startHost(
    { ...service.settings, http: { ...service.settings.http, port: 0, tls }, grpc: { ...grpc, tls } },
    { migrate: false, unsafeRole: 'step-down' },
  );
  const login = await createServiceLogin(settings);
  const configuration = {
    issuer: 'https://auth.acme.example',
    database: { url: login.url },
    keys: { keyEncryptionKeyFile, floorFile: keys.floorFile, algorithms: keys.algorithms },
  };
  return {
    folder,
    service,
    plain: service.host,
    secure,
    ca: vouching.certificate,
    caFile: file('ca.pem', vouching.certificate),
    otherCaFile: file('other-ca.pem', authority('somebody else').certificate),
    server,
    away,
    configFile: file('countersign.json', JSON.stringify(configuration)),
    stop: async () => {
      await secure.stop();
      await service.stop();
      await login.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Its tokens are trusted, but nobody can fetch its keys. */
async function absentIssuer(): Promise<EntraDevIssuer> {
  const issuer = new EntraDevIssuer({ clock: new SystemClock(), directoryIds: [AWAY_DIRECTORY_ID] });
  await issuer.start();
  await issuer.stop();
  return issuer;
}

function worldDocument({ identityProvider, secret }: TestService, away: EntraDevIssuer): Readonly<Record<string, unknown>> {
  const { issuers, applications, clients, policies } = sampleDocument(identityProvider.cloud, digestOf(secret)) as Record<
    string,
    object[]
  >;
  const spa = (issuer: string): object => ({ issuer, id: DEV_SPA_CLIENT_ID });
  return {
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    issuers: [
      ...(issuers ?? []),
      {
        name: 'away',
        provider: 'entra-id',
        cloud: { ...away.cloud, name: 'away' },
        directories: [{ id: AWAY_DIRECTORY_ID, tenant: 'acme' }],
        audiences: [DEV_API_CLIENT_ID],
      },
    ],
    applications: [
      ...(applications ?? []),
      {
        audience: RSA_AUDIENCE,
        prefix: 'archive',
        permissions: [{ name: 'archive:all:read' }],
        allowEmptyPermissions: true,
        signingAlgorithm: 'RS256',
      },
    ],
    policies: (policies ?? []).map((policy) => withReader(policy)),
    clients: [
      ...(clients ?? []),
      {
        clientId: CALLER,
        secretSha256: [digestOf(secret)],
        presents: { own: [spa('devkit'), spa('away')] },
        targets: [SAMPLE_AUDIENCE, RSA_AUDIENCE].map((audience) => ({ audience, scopes: ['**'] })),
        checks: [SAMPLE_AUDIENCE],
      },
      {
        clientId: GATEWAY,
        secretSha256: [digestOf(secret)],
        presents: { audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }] },
        checks: [SAMPLE_AUDIENCE],
      },
    ],
  };
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Clerks and whoever else reads invoices read the archive too. At the gateway there are invoices alone. */
function withReader(policy: object): object {
  const { roles } = policy as { readonly roles: Readonly<Record<string, object>> };
  const route = (match: string, permission: string): object => ({ match, application: SAMPLE_AUDIENCE, permission });
  return {
    ...policy,
    roles: { ...roles, viewer: { grants: ['billing:*:read', 'archive:all:read'] } },
    routes: [route('GET /invoices', 'billing:invoice:read'), route('POST /invoices', 'billing:invoice:create')],
  };
}
