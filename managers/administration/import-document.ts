import { z } from 'zod';
import type { SignatureAlgorithm } from '#accessors/issuer/contract.js';
import { clientSchema } from './client-document.js';
import type { ImportedKind } from './contract.js';
import { claimText, key, slug, visible } from './import-fields.js';

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PERMISSION = /^(?=.{1,128}$)[a-z0-9_-]+(:[a-z0-9_-]+){1,5}$/;

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const satisfies readonly SignatureAlgorithm[];

const cloudName = z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected lower-case letters, digits and -');
const guid = z.string().regex(GUID, 'expected a GUID').toLowerCase();
function isProviderUrl(text: string): boolean {
  if (!URL.canParse(text) || /[?#\s]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const local = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return username === '' && password === '' && (protocol === 'https:' || (protocol === 'http:' && local));
}

const providerUrl = z.string().refine(isProviderUrl, 'expected an https URL without query and fragment (http on loopback alone)');
const baseUrl = providerUrl.refine((text) => !text.endsWith('/'), 'expected no trailing slash');

const tenant = z.strictObject({ slug, status: z.enum(['active', 'suspended']).nullable().default(null) });

const application = z.strictObject({
  audience: visible,
  prefix: z.string().regex(/^[a-z0-9_-]{1,64}$/, 'expected the first segment of its permission names'),
  allowEmptyPermissions: z.boolean().default(false),
  tokenLifetimeSeconds: z.int().min(30).max(86_400).nullable().default(null),
  unusualLifetime: z.boolean().default(false),
  signingAlgorithm: z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']).default('ES256'),
  permissions: z.array(
    z.strictObject({
      name: z.string().regex(PERMISSION, 'expected app:resource:verb, 2 to 6 segments of [a-z0-9_-], at most 128 bytes'),
      description: z.string().max(1024).optional(),
      risk: z.enum(['low', 'medium', 'high']).optional(),
      maxLifetimeSeconds: z.int().min(30).max(86_400).nullable().optional(),
    }),
  ),
  settlesContext: z.boolean().optional(),
});

const issuerBase = {
  name: key,
  audiences: z.array(visible).min(1),
  skewSeconds: z.int().min(0).max(300).default(60),
  maxTokenAgeSeconds: z
    .strictObject({
      user: z.int().min(60).max(31_536_000).default(7200),
      workload: z.int().min(60).max(31_536_000).default(86_400),
    })
    .prefault({}),
  status: z.enum(['active', 'disabled']).nullable().default(null),
};

const cloud = z.union(
  [
    z.enum(['public', 'usgov', 'china']),
    z.strictObject({
      name: cloudName.refine((name) => !['public', 'usgov', 'china'].includes(name), 'this name belongs to a known cloud'),
      loginBase: baseUrl,
      v1IssuerBase: baseUrl,
    }),
  ],
  'expected public, usgov, china or a record of name (none of these), loginBase and v1IssuerBase (https, no trailing slash)',
);

const algorithms = z.array(z.enum(ALGORITHMS)).min(1);
const tenantRules = z
  .array(z.strictObject({ tenant: slug, when: z.strictObject({ claim: claimText, equals: claimText }).optional() }))
  .min(1)
  .optional();
const roleNames = z.array(claimText).max(100);

const acceptance = z.strictObject({
  delegated: z.boolean().exactOptional(),
  appOnly: z.boolean().exactOptional(),
  guests: z.boolean().exactOptional(),
  personalAccounts: z.boolean().exactOptional(),
  agents: z.boolean().exactOptional(),
  strictIdtyp: z.boolean().exactOptional(),
  requireAppRoles: z.boolean().exactOptional(),
  requiredScopes: roleNames.exactOptional(),
  requiredApplicationPermissions: roleNames.exactOptional(),
  requiredUserRoles: roleNames.exactOptional(),
  presenters: z.array(guid).min(1).nullable().exactOptional(),
  minimumClientAuthentication: z.enum(['0', '1', '2']).exactOptional(),
  requiredAuthContext: z
    .string()
    .regex(/^c[1-9][0-9]?$/, 'expected an authentication context, c1 to c99')
    .nullable()
    .exactOptional(),
});

const hosting = z.discriminatedUnion('flavour', [
  z.strictObject({ flavour: z.literal('workforce') }),
  z.strictObject({ flavour: z.literal('b2c'), base: baseUrl, policy: key, issuer: providerUrl }),
  z.strictObject({ flavour: z.literal('external-id'), base: baseUrl, issuer: providerUrl }),
]);

const entraIssuer = z.strictObject({
  ...issuerBase,
  provider: z.literal('entra-id'),
  algorithms: algorithms.default(['RS256']),
  cloud: cloud.default('public'),
  directories: z.array(z.strictObject({ id: guid, tenant: slug })).default([]),
  anyDirectory: z.boolean().default(false),
  tenants: tenantRules,
  hosting: hosting.exactOptional(),
  acceptance: acceptance.exactOptional(),
  appKeysClientId: guid.nullable().exactOptional(),
});

const selector = z.union(
  [claimText, z.tuple([claimText], claimText)],
  'expected the name of a claim, or the names on the way to it',
);

const keySource = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('discovery') }),
  z.strictObject({ from: z.literal('jwks-uri'), url: z.url() }),
  z.strictObject({ from: z.literal('uploaded'), jwks: z.string().min(2).max(102_400) }),
]);

/** What is left out comes from the preset, then from the defaults. */
const oidcIssuer = z.strictObject({
  ...issuerBase,
  provider: z.literal('oidc'),
  preset: key.exactOptional(),
  issuer: providerUrl,
  tenant: slug.optional(),
  tenants: tenantRules,
  algorithms: algorithms.exactOptional(),
  acceptedTypes: z.array(visible).exactOptional(),
  allowMissingType: z.boolean().exactOptional(),
  claims: z.strictObject({ roles: selector.default('roles'), groups: selector.default('groups') }).exactOptional(),
  identityClaims: z.tuple([selector], selector).exactOptional(),
  presenterClaims: z.array(selector).exactOptional(),
  kind: z.enum(['auto', 'user', 'workload']).exactOptional(),
  markerClaims: z.array(selector).exactOptional(),
  conditions: z
    .array(z.strictObject({ claim: selector, oneOf: z.array(z.union([claimText, z.boolean()])).min(1) }))
    .exactOptional(),
  keySource: keySource.exactOptional(),
});

/** Its other members are the sections of a policy file, read by the policy language. */
const policy = z.looseObject({ tenant: slug, name: key.default('main') });

const group = z.strictObject({ tenant: slug, key });

const subject = z.strictObject({
  tenant: slug,
  key,
  kind: z.enum(['user', 'workload']),
  status: z.enum(['active', 'disabled']).nullable().default(null),
  identities: z.array(z.strictObject({ issuer: key, directory: guid.optional(), id: claimText })).min(1),
  groups: z.array(key).default([]),
});

const assignment = z.strictObject({
  tenant: slug,
  principal: z.templateLiteral([z.enum(['subject', 'group']), ':', key], 'expected subject:KEY or group:KEY'),
  role: key,
  state: z.enum(['active', 'revoked']).nullable().default(null),
});

/** One item of each section, in the order in which they are brought about. */
export const itemSchemas = {
  tenants: tenant,
  applications: application,
  issuers: z.discriminatedUnion('provider', [entraIssuer, oidcIssuer]),
  policies: policy,
  clients: clientSchema,
  groups: group,
  subjects: subject,
  assignments: assignment,
};

export type ImportedItem<Kind extends ImportedKind> = z.output<(typeof itemSchemas)[Kind]>;

/** A section may be left out; what it does not name is left alone. */
const section = <Item extends z.ZodType>(item: Item) => z.array(item).default([]);
const apiVersion = z.literal('countersign/v1');

/** The file around its items, which are checked one by one so that every fault is found in one run. */
export const frameSchema = z.strictObject({
  apiVersion,
  tenants: section(z.unknown()),
  applications: section(z.unknown()),
  issuers: section(z.unknown()),
  policies: section(z.unknown()),
  clients: section(z.unknown()),
  groups: section(z.unknown()),
  subjects: section(z.unknown()),
  assignments: section(z.unknown()),
});

/**
 * The JSON Schema of the import file, for editors and documentation.
 *
 * @param policyFile the JSON Schema of a policy file, whose sections a policy in here has too
 */
export function importDocumentJsonSchema(policyFile: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sections = Object.entries(itemSchemas).map(([kind, item]) => [kind, section(item)] as const);
  const frame = z.strictObject({ apiVersion, ...Object.fromEntries(sections) }).meta({ title: 'Countersign import file' });
  const schema = z.toJSONSchema(frame, { io: 'input' });
  const properties = members(schema, 'properties');
  return { ...schema, properties: { ...properties, policies: withPolicySections(properties['policies'], policyFile) } };
}

function withPolicySections(policies: unknown, policyFile: Readonly<Record<string, unknown>>): object {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...policySections } = members(policyFile, 'properties');
  const item = members(policies, 'items');
  const properties = { ...members(item, 'properties'), ...policySections };
  return {
    ...members({ policies }, 'policies'),
    items: { ...item, properties, required: ['tenant', 'roles'], additionalProperties: false },
  };
}

function members(of: unknown, name: string): Readonly<Record<string, unknown>> {
  const owner: Readonly<Record<string, unknown>> = typeof of === 'object' && of !== null ? { ...of } : {};
  const inner = owner[name];
  return typeof inner === 'object' && inner !== null ? { ...inner } : {};
}
