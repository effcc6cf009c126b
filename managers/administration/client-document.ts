import { z } from 'zod';
import type { ClientAuthenticationMethod } from '#accessors/registration/contract.js';
import { claimText, key, patterns, slug, visible } from './import-fields.js';

const METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'federated',
] as const satisfies readonly ClientAuthenticationMethod[];

/** As browsers write it: no path, no default port, nothing in upper case. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  const local = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && local));
}

const origin = z.string().max(255).refine(isOrigin, 'expected an origin: https://app.example.com (http on loopback alone)');

const authentication = z.strictObject({
  methods: z.array(z.enum(METHODS)).min(1),
  keys: z.array(z.record(z.string(), z.unknown())).max(10).default([]),
  certificates: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected the SHA-256 of the certificate in DER, base64url, 43 characters'))
    .max(10)
    .default([]),
  certificateName: z
    .strictObject({ kind: z.enum(['dn', 'san_dns', 'san_uri', 'san_ip', 'san_email']), value: claimText })
    .nullable()
    .default(null),
  federated: z
    .array(z.strictObject({ issuer: key, subject: claimText, audience: visible }))
    .max(20)
    .default([]),
});

const issuerScopedIds = z.array(z.strictObject({ issuer: key, id: visible })).default([]);

const target = z.strictObject({
  audience: visible,
  scopes: patterns,
  delegationCeiling: patterns.default([]),
  hops: z
    .array(z.strictObject({ from: visible, ceiling: patterns }))
    .max(1000)
    .exactOptional(),
  impersonation: patterns.exactOptional(),
  tenantPairs: z
    .array(z.strictObject({ actor: slug, subject: slug }))
    .max(1000)
    .exactOptional(),
});

/** `host` cannot be taken away, and what begins with a colon is no header. */
const headerName = z
  .string()
  .max(128)
  .regex(/^(?!host$)[a-z0-9_-]+$/, 'expected the name of a header in lower case, and not host');

const gateway = z.strictObject({
  mode: z.enum(['headers', 'token-swap']).default('headers'),
  namesPermissions: z.boolean().default(false),
  removes: z.array(headerName).max(32).default([]),
});

/** A client as it stands in an import file, and as administrators send it. */
export const clientSchema = z.strictObject({
  clientId: visible,
  status: z.enum(['active', 'disabled']).nullable().default(null),
  kind: z.enum(['confidential', 'public']).default('confidential'),
  /** Left out: secrets stay as they are. */
  secretSha256: z
    .array(z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of the secret, 64 lower-case hexadecimal digits'))
    .max(2, 'expected at most two, so that one can follow the other')
    .exactOptional(),
  authentication: authentication.exactOptional(),
  origins: z.array(origin).max(100).default([]),
  binding: z.enum(['required', 'optional']).exactOptional(),
  presents: z.strictObject({ own: issuerScopedIds, listed: issuerScopedIds, audiences: issuerScopedIds }).prefault({}),
  serves: z.array(visible).max(1000).exactOptional(),
  targets: z.array(target).default([]),
  checks: z.array(visible).max(1000).exactOptional(),
  explains: z.boolean().exactOptional(),
  gateway: gateway.exactOptional(),
});

export type ClientDocument = z.output<typeof clientSchema>;
