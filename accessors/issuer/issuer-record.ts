import { z } from 'zod';
import type { IssuerRegistration, SignatureAlgorithm, TenantRule, TrustedIssuer } from './contract.js';

/** An issuer as its row holds it. */
export interface IssuerRecord {
  readonly name: string;
  readonly provider: string;
  readonly status: string;
  /** Everything that depends on the provider, as it was stored; unchecked. */
  readonly config: unknown;
  readonly rules: readonly TenantRule[];
}

const ALGORITHM = z.enum([
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
]) satisfies z.ZodType<SignatureAlgorithm>;

const COMMON = {
  audiences: z.array(z.string()),
  algorithms: z.array(ALGORITHM),
  skewSeconds: z.number(),
  maxTokenAgeSeconds: z.object({ user: z.number(), workload: z.number() }),
};
const OIDC = z.object({
  ...COMMON,
  issuer: z.string(),
  acceptedTypes: z.array(z.string()),
  claims: z.object({ roles: z.string(), groups: z.string() }),
});
const ENTRA = z.object({
  ...COMMON,
  cloud: z.object({ name: z.string(), loginBase: z.string(), v1IssuerBase: z.string() }),
  directoryIds: z.array(z.string()),
});

/** The row as the issuer that it describes; `undefined` where the row is not one, whoever wrote it. */
export function toTrustedIssuer({ name, provider, config, rules }: IssuerRecord): TrustedIssuer | undefined {
  if (provider === 'oidc') {
    const parsed = OIDC.safeParse(config);
    return parsed.success ? { name, provider, ...parsed.data, tenantRules: rules } : undefined;
  }
  if (provider === 'entra-id') {
    const parsed = ENTRA.safeParse(config);
    return parsed.success ? { name, provider, ...parsed.data, tenantRules: rules } : undefined;
  }
  return undefined;
}

/** What of the registration goes into the `config` column: the members that its provider has, and no others. */
export function toConfig(registration: IssuerRegistration): object {
  return registration.provider === 'oidc' ? OIDC.parse(registration) : ENTRA.parse(registration);
}
