import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { auditSchema } from './audit.schema.js';
import { authzenSchema } from './authzen.schema.js';
import { connectionsSchema } from './connections.schema.js';
import { factSourcesSchema } from './fact-source.schema.js';
import { grantsSchema } from './grants.schema.js';
import { keyStorageShape } from './key-storage.schema.js';
import { limitsSchema } from './limits.schema.js';
import { listenerShape } from './listener.schema.js';
import { rotationSchema } from './rotation.schema.js';
import { isPrivateRange } from './private-range.js';

/** Whether nothing but this host can reach the address. Anything that is not plainly so does not count. */
export function isLoopbackHost(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === '::1' || host === '[::1]' || host.toLowerCase() === 'localhost';
}

/** Compared with its own canonical spelling, so that verifiers that normalise and verifiers that do not see the same `iss`. */
function isIssuerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  return secure && `${url.origin}${url.pathname.replace(/\/$/, '')}` === text;
}

export function isDatabaseUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);
}

const file = z.string().min(1, 'expected the name of a file');

const tokens = z.strictObject({
  lifetimeSeconds: z
    .int()
    .min(30)
    .max(86_400)
    .default(600)
    .meta({ description: 'Life of issued tokens; 300 to 900 unless unusualLifetime is true too.' }),
  unusualLifetime: z
    .boolean()
    .default(false)
    .meta({ description: 'Says a second time that a lifetime outside 300 to 900 seconds is meant.' }),
});

const database = z.strictObject({
  url: z
    .string()
    .refine(isDatabaseUrl, 'expected a PostgreSQL URL, postgres://user@host:5432/name')
    .optional()
    .meta({ description: 'PostgreSQL URL. The environment variable DATABASE_URL wins over it.' }),
  directUrl: z.string().refine(isDatabaseUrl, 'expected a PostgreSQL URL, postgres://user@host:5432/name').optional().meta({
    description:
      'URL of the server itself, where url is a connection pooler in transaction mode: for announcements and migrations. The environment variable DATABASE_DIRECT_URL wins over it.',
  }),
  poolSize: z.int().min(1).max(200).default(10).meta({ description: 'Most connections that one process keeps.' }),
  embedded: z
    .strictObject({
      directory: z.string().min(1).nullable().meta({ description: 'Data directory; null: in memory.' }),
    })
    .optional()
    .meta({ description: 'The embedded database instead of a server. Development only.' }),
});

const GUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const guid = z.string().regex(GUID, 'expected a GUID').toLowerCase();

/** The base of a service: https, nothing after the path, in its canonical spelling. */
function isHttpsBase(text: string): boolean {
  return text.startsWith('https://') && isIssuerUrl(text);
}

const base = z.string().refine(isHttpsBase, 'expected an https URL without query, fragment and trailing slash');

const credential = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secretFile'), file }),
  z.strictObject({ kind: z.literal('certificateFile'), certFile: file, keyFile: file }),
  z.strictObject({ kind: z.literal('federatedTokenFile'), file }),
  z.strictObject({ kind: z.literal('managedIdentity') }),
]);

const directory = z.strictObject({
  issuer: z.string().min(1).meta({ description: 'Name of the trusted issuer whose subjects are looked up.' }),
  cloud: z
    .union([z.enum(['public', 'usgov', 'china']), z.strictObject({ loginBase: base, graphBase: base })])
    .default('public')
    .meta({ description: 'National cloud, or the bases of its login host and of Microsoft Graph.' }),
  tenantId: guid.meta({ description: 'Id of the Entra tenant.' }),
  clientId: guid
    .nullable()
    .default(null)
    .meta({ description: 'Of the app registration or user-assigned identity; null: the system-assigned one.' }),
  credential: credential.meta({ description: 'What the registration proves itself with. Secrets are in files alone.' }),
  mode: z
    .enum(['application', 'onBehalfOf'])
    .default('application')
    .meta({ description: 'Whether it asks for itself, or on behalf of the subject of the token.' }),
  caFile: file
    .nullable()
    .default(null)
    .meta({ description: 'PEM file with the only authorities to trust; null: those of the system.' }),
});

/** The members of the settings file. Sections with defaults may be left out. */
export const settingsShape = {
  issuer: z
    .string()
    .refine(
      isIssuerUrl,
      'expected an https URL in its canonical spelling, without query, fragment and trailing slash (http on loopback alone)',
    )
    .meta({ description: 'Our iss, exactly as verifiers compare it.' }),
  http: z.strictObject(listenerShape(8080)).prefault({}).meta({ description: 'The REST port.' }),
  grpc: z
    .strictObject({
      ...listenerShape(50_051),
      reflection: z.boolean().default(false).meta({ description: 'Whether the gRPC reflection service answers.' }),
    })
    .prefault({})
    .meta({ description: 'The gRPC port.' }),
  grpcConnections: connectionsSchema
    .prefault({})
    .meta({ description: 'How long connections of the gRPC port live, and what they are used for: guides/grpc.md.' }),
  behindProxy: z
    .boolean()
    .default(false)
    .meta({ description: 'A proxy in front terminates TLS, so plaintext off loopback is meant.' }),
  database: database.prefault({}).meta({ description: 'Where everything is kept.' }),
  keys: z
    .strictObject({
      keyEncryptionKeyFile: file
        .optional()
        .meta({ description: 'File with the key-encryption key, mode 0400. Required by serve, or keyEncryptionKey.' }),
      ...keyStorageShape,
      floorFile: file.optional().meta({
        description:
          'File that keeps the newest keyring epoch, so that a restored database is noticed; keyring-floor beside the key-encryption key.',
      }),
      algorithms: z
        .array(z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']))
        .min(1)
        .refine((names) => new Set(names).size === names.length, 'expected each algorithm once')
        .default(['ES256'])
        .meta({ description: 'What tokens are signed with; each has a key of its own, and applications choose among them.' }),
      rotation: rotationSchema.prefault({}).meta({ description: 'When signing keys change, in seconds.' }),
    })
    .prefault({})
    .meta({ description: 'What seals signing keys and secrets.' }),
  tokens: tokens.prefault({}).meta({ description: 'Issued tokens.' }),
  policy: z
    .strictObject({
      fourEyes: z
        .boolean()
        .default(false)
        .meta({ description: 'Another operator has to approve the plan of a policy before it is applied.' }),
    })
    .prefault({})
    .meta({ description: 'How policies change: guides/policy-as-code.md.' }),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .meta({ description: 'Least severity that is written.' }),
    })
    .prefault({})
    .meta({ description: 'The log, JSON lines on standard error.' }),
  outbound: z
    .strictObject({
      allowLoopbackHttp: z
        .boolean()
        .default(false)
        .meta({ description: 'Lets issuers on this host be fetched over plain HTTP. Refused by serve.' }),
      allowedPrivateAddresses: z
        .array(z.string().refine(isPrivateRange, 'expected a CIDR inside 10/8, 172.16/12, 192.168/16, 100.64/10 or fc00::/7'))
        .max(100)
        .default([])
        .meta({ description: 'Private ranges, in CIDR notation, where identity providers of your own network are.' }),
    })
    .prefault({})
    .meta({ description: 'Calls to identity providers.' }),
  directories: z
    .array(directory)
    .default([])
    .meta({ description: 'Where group memberships are asked for that a token leaves out: guides/group-overage.md.' }),
  factSources: factSourcesSchema
    .default([])
    .meta({ description: 'Where policies have attributes and flags from that are kept elsewhere: guides/fact-sources.md.' }),
  grants: grantsSchema.prefault({}).meta({ description: 'Proofs that callers make, and what is used once.' }),
  audit: auditSchema.prefault({}).meta({ description: 'The audit trail: operating/audit.md.' }),
  limits: limitsSchema.prefault({}).meta({ description: 'How much one process lets through: operating/overload.md.' }),
  authzen: authzenSchema.prefault({}).meta({ description: 'Questions by AuthZEN 1.0: guides/authzen.md.' }),
  drainSeconds: z
    .int()
    .min(0)
    .max(300)
    .default(5)
    .meta({ description: 'Seconds between readiness off and the closing of ports on SIGTERM.' }),
};

export const settingsSchema = z.strictObject(settingsShape).meta({ title: 'Countersign settings' });

export type SettingsFile = z.infer<typeof settingsSchema>;

/** The JSON Schema of the settings file, for editors and documentation. */
export function settingsJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(settingsSchema, { io: 'input' }) };
}
