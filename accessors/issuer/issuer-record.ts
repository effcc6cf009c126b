import type { EntraIssuer, IssuerRegistration, OidcIssuer, TenantRule, TrustedIssuer } from './contract.js';
import { isJsonObject } from './json-object.js';
import { isSignatureAlgorithm } from './signature-algorithms.js';

/** An issuer as its row holds it. */
export interface IssuerRecord {
  readonly name: string;
  readonly provider: string;
  readonly status: string;
  /** Everything that depends on the provider, as it was stored; unchecked. */
  readonly config: unknown;
  readonly rules: readonly TenantRule[];
}

type Common = 'audiences' | 'algorithms' | 'skewSeconds' | 'maxTokenAgeSeconds';
type CommonConfig = Pick<OidcIssuer, Common>;
type OidcConfig = Pick<OidcIssuer, Common | 'issuer' | 'acceptedTypes' | 'claims'>;
type EntraConfig = Pick<EntraIssuer, Common | 'cloud' | 'directoryIds'>;

/** The row as the issuer that it describes; `undefined` where the row is not one, whoever wrote it. */
export function toTrustedIssuer({ name, provider, config, rules }: IssuerRecord): TrustedIssuer | undefined {
  const common = readCommon(config);
  if (common === undefined) return undefined;
  if (provider === 'oidc' && isOidc(config)) return { name, provider, ...common, ...oidcMembers(config), tenantRules: rules };
  if (provider === 'entra-id' && isEntra(config))
    return { name, provider, ...common, ...entraMembers(config), tenantRules: rules };
  return undefined;
}

/** What of the registration goes into the `config` column: the members that its provider has, and no others. */
export function toConfig(registration: IssuerRegistration): OidcConfig | EntraConfig {
  const common = commonMembers(registration);
  return registration.provider === 'oidc'
    ? { ...common, ...oidcMembers(registration) }
    : { ...common, ...entraMembers(registration) };
}

function commonMembers({ audiences, algorithms, skewSeconds, maxTokenAgeSeconds }: CommonConfig): CommonConfig {
  const { user, workload } = maxTokenAgeSeconds;
  return { audiences, algorithms, skewSeconds, maxTokenAgeSeconds: { user, workload } };
}

function oidcMembers({ issuer, acceptedTypes, claims }: Omit<OidcConfig, Common>): Omit<OidcConfig, Common> {
  return { issuer, acceptedTypes, claims: { roles: claims.roles, groups: claims.groups } };
}

function entraMembers({ cloud, directoryIds }: Omit<EntraConfig, Common>): Omit<EntraConfig, Common> {
  return { cloud: { name: cloud.name, loginBase: cloud.loginBase, v1IssuerBase: cloud.v1IssuerBase }, directoryIds };
}

function readCommon(config: unknown): CommonConfig | undefined {
  return isCommon(config) ? commonMembers(config) : undefined;
}

function isCommon(config: unknown): config is CommonConfig {
  if (!isJsonObject(config)) return false;
  const { audiences, algorithms, skewSeconds, maxTokenAgeSeconds } = config;
  const ages = isJsonObject(maxTokenAgeSeconds) ? [maxTokenAgeSeconds['user'], maxTokenAgeSeconds['workload']] : [undefined];
  return (
    isTexts(audiences) && isTexts(algorithms) && algorithms.every(isSignatureAlgorithm) && [skewSeconds, ...ages].every(isNumber)
  );
}

function isOidc(config: unknown): config is Omit<OidcConfig, Common> {
  if (!isJsonObject(config)) return false;
  return isText(config['issuer']) && isTexts(config['acceptedTypes']) && hasTexts(config['claims'], ['roles', 'groups']);
}

function isEntra(config: unknown): config is Omit<EntraConfig, Common> {
  return (
    isJsonObject(config) && isTexts(config['directoryIds']) && hasTexts(config['cloud'], ['name', 'loginBase', 'v1IssuerBase'])
  );
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  return isJsonObject(value) && names.every((name) => isText(value[name]));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
