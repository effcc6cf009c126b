import { isDeepStrictEqual } from 'node:util';
import {
  type ClaimCondition,
  ENTRA_DEFAULTS,
  type IssuerRegistration,
  OIDC_DEFAULTS,
  type TenantRule,
  type TrustedIssuer,
} from './contract.js';
import { type EntraConfig, type OidcConfig, readEntraConfig, readOidcConfig } from './issuer-config.js';
import type { IssuerPreset } from './issuer-preset.contract.js';

/** An issuer as its row holds it. */
export interface IssuerRecord {
  readonly name: string;
  readonly provider: string;
  readonly status: string;
  /** Everything that depends on the provider, as it was stored; unchecked. */
  readonly config: unknown;
  readonly rules: readonly TenantRule[];
}

/** The row as the issuer that it describes; `undefined` where the row is not one, whoever wrote it. */
export function toTrustedIssuer({ name, provider, config, rules }: IssuerRecord): TrustedIssuer | undefined {
  if (provider === 'oidc') {
    const members = readOidcConfig(config);
    return members === undefined ? undefined : { name, provider, ...members, tenantRules: rules };
  }
  const members = provider === 'entra-id' ? readEntraConfig(config) : undefined;
  return members === undefined ? undefined : { name, provider: 'entra-id', ...members, tenantRules: rules };
}

/** The issuer of a registration, with what its preset says and every default filled in. */
export function issuerOf(
  registration: IssuerRegistration,
  tenantRules: readonly TenantRule[],
  presets: readonly IssuerPreset[],
): TrustedIssuer {
  if (registration.provider === 'oidc') {
    const { status: _status, conditions = [], ...members } = registration;
    const preset = presets.find(({ name }) => name === members.preset);
    const all = withPresetConditions(conditions, preset?.conditions ?? []);
    return { ...OIDC_DEFAULTS, ...preset?.defaults, ...members, conditions: all, tenantRules };
  }
  const { status: _status, acceptance, ...members } = registration;
  return { ...ENTRA_DEFAULTS, ...members, acceptance: { ...ENTRA_DEFAULTS.acceptance, ...acceptance }, tenantRules };
}

/** Once each: a registration that was read back has those of its preset already. */
function withPresetConditions(own: readonly ClaimCondition[], preset: readonly ClaimCondition[]): readonly ClaimCondition[] {
  return [...own, ...preset.filter((condition) => !own.some((each) => isDeepStrictEqual(each, condition)))];
}

/** What of an issuer goes into the `config` column: the members that its provider has, and no others. */
export function toConfig(issuer: TrustedIssuer): OidcConfig | EntraConfig {
  const config = issuer.provider === 'oidc' ? readOidcConfig(issuer) : readEntraConfig(issuer);
  if (config === undefined) throw new Error(`issuer ${issuer.name} has members that are not of their type`);
  return config;
}
