import { type EntraIssuer, type OidcIssuer, SHARED_ISSUERS, type TrustedIssuer } from './contract.js';
import { isFetchable } from './fetch-policy.js';
import { presetFaults } from './issuer-preset.check.js';
import type { IssuerPreset } from './issuer-preset.contract.js';
import { importVerificationKeys } from './jwk-import.js';
import { isSignatureAlgorithm } from './signature-algorithms.js';

export interface RegistrationRules {
  readonly allowLoopbackHttp: boolean;
  /** Our own `iss`: trusting ourselves as an identity provider would let a token renew itself. */
  readonly ownIssuer: string;
  /** The presets that a registration may name. */
  readonly presets: readonly IssuerPreset[];
}

interface AddressRules extends RegistrationRules {
  readonly allowQuery?: boolean;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const LOWER_CASE_GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PRINTABLE = /^[\x21-\x7e]+$/;
const MAX_SKEW_SECONDS = 300;

/** Everything that is wrong with an issuer, in words for the operator; empty when it may be loaded. */
export function registrationFaults(issuer: TrustedIssuer, rules: RegistrationRules): string[] {
  return [
    ...(NAME.test(issuer.name) ? [] : ['name: letters, digits, ".", "_" and "-", at most 128']),
    ...audienceFaults(issuer.audiences),
    ...algorithmFaults(issuer.algorithms),
    ...timeFaults(issuer),
    ...ruleFaults(issuer.tenantRules),
    ...(issuer.provider === 'oidc' ? oidcFaults(issuer, rules) : entraFaults(issuer, rules)),
  ];
}

/** SECURITY: an issuer without an audience list would vouch here for tokens that were meant for anyone (CVE-2026-55689). */
function audienceFaults(audiences: readonly string[]): string[] {
  if (audiences.length === 0) return ['audiences: at least one'];
  return [
    ...audiences
      .filter((audience) => !PRINTABLE.test(audience))
      .map((audience) => `audiences: ${JSON.stringify(audience)} is empty or has blanks`),
    ...repeats(audiences).map((audience) => `audiences: ${audience} is listed twice`),
  ];
}

function algorithmFaults(algorithms: readonly string[]): string[] {
  if (algorithms.length === 0) return ['algorithms: at least one'];
  return [
    ...algorithms
      .filter((algorithm) => !isSignatureAlgorithm(algorithm))
      .map((algorithm) => `algorithms: ${algorithm} is not accepted`),
    ...repeats(algorithms).map((algorithm) => `algorithms: ${algorithm} is listed twice`),
  ];
}

function timeFaults({ skewSeconds, maxTokenAgeSeconds }: TrustedIssuer): string[] {
  const faults: string[] = [];
  if (!Number.isInteger(skewSeconds) || skewSeconds < 0 || skewSeconds > MAX_SKEW_SECONDS)
    faults.push('skewSeconds: a whole number from 0 to 300');
  for (const kind of ['user', 'workload'] as const) {
    const age = maxTokenAgeSeconds[kind];
    if (!Number.isInteger(age) || age < 1) faults.push(`maxTokenAgeSeconds.${kind}: a whole number of seconds, at least 1`);
  }
  return faults;
}

function ruleFaults(rules: TrustedIssuer['tenantRules']): string[] {
  if (rules.length === 0) return ['tenants: at least one'];
  return rules
    .filter(({ when }) => when !== null && (when.claim === '' || when.equals === ''))
    .map(({ slug }) => `tenants: the condition for ${slug} needs a claim and a value`);
}

function oidcFaults(issuer: OidcIssuer, rules: RegistrationRules): string[] {
  const faults = [
    ...addressFaults('issuer', issuer.issuer, rules),
    ...oidcClaimFaults(issuer),
    ...keySourceFaults(issuer, rules),
    ...presetFaults(issuer, rules.presets),
  ];
  if (issuer.issuer === rules.ownIssuer) faults.push('issuer: this service does not trust itself as an identity provider');
  if (issuer.acceptedTypes.length === 0 && !issuer.allowMissingType) faults.push('acceptedTypes: at least one');
  if (issuer.acceptedTypes.some((type) => !PRINTABLE.test(type))) faults.push('acceptedTypes: a type is empty or has blanks');
  if (SHARED_ISSUERS.includes(issuer.issuer) && issuer.conditions.length === 0) faults.push(...unconditional(issuer));
  return faults;
}

/** SECURITY: who is anybody's identity provider says nothing about whose token it is, unless a claim does. */
function unconditional({ tenantRules }: Pick<TrustedIssuer, 'tenantRules'>): string[] {
  return tenantRules
    .filter(({ when }) => when === null)
    .map(({ slug }) => `tenants: many organisations share this issuer, so ${slug} needs a condition (when)`);
}

function oidcClaimFaults(issuer: OidcIssuer): string[] {
  const selectors = [
    issuer.claims.roles,
    issuer.claims.groups,
    ...issuer.identityClaims,
    ...issuer.presenterClaims,
    ...issuer.markerClaims,
    ...issuer.conditions.map(({ claim }) => claim),
  ];
  const faults = selectors.some((selector) => [selector].flat().includes('')) ? ['claims: a name of a claim is empty'] : [];
  if (issuer.conditions.some(({ oneOf }) => oneOf.length === 0)) faults.push('conditions: each needs a value');
  return faults;
}

function keySourceFaults({ keySource, algorithms }: OidcIssuer, rules: RegistrationRules): string[] {
  if (keySource.from === 'discovery') return [];
  if (keySource.from === 'jwks-uri') return addressFaults('keySource.url', keySource.url, { ...rules, allowQuery: true });
  const usable = usableKeys(keySource.jwks, algorithms);
  return usable > 0 ? [] : ['keySource.jwks: a JWK set with a public key, its kid and one of the algorithms'];
}

function usableKeys(jwks: string, algorithms: OidcIssuer['algorithms']): number {
  try {
    return importVerificationKeys(JSON.parse(jwks), algorithms).keys.length;
  } catch {
    return 0;
  }
}

function entraFaults(issuer: EntraIssuer, rules: RegistrationRules): string[] {
  const { cloud, directoryIds, appKeysClientId } = issuer;
  const faults = [
    ...baseFaults('cloud.loginBase', cloud.loginBase, rules),
    ...baseFaults('cloud.v1IssuerBase', cloud.v1IssuerBase, rules),
    ...directoryFaults(issuer),
    ...hostingFaults(issuer, rules),
  ];
  if (!/^[a-z0-9-]{1,64}$/.test(cloud.name)) faults.push('cloud.name: lower-case letters, digits and "-", at most 64');
  for (const id of directoryIds) {
    if (!LOWER_CASE_GUID.test(id)) faults.push(`directories: ${JSON.stringify(id)} is not a GUID in lower case`);
  }
  if (appKeysClientId !== null && !LOWER_CASE_GUID.test(appKeysClientId))
    faults.push('appKeysClientId: a client id, a GUID in lower case');
  return [...faults, ...repeats(directoryIds).map((id) => `directories: ${id} is listed twice`)];
}

function directoryFaults(issuer: EntraIssuer): string[] {
  const { anyDirectory, directoryIds, hosting } = issuer;
  if (!anyDirectory) return directoryIds.length === 0 ? ['directories: at least one'] : [];
  const faults = directoryIds.length === 0 ? [] : ['anyDirectory: every directory, or a list; not both'];
  if (hosting.flavour !== 'workforce') faults.push('anyDirectory: of workforce directories alone');
  return [...faults, ...unconditional(issuer)];
}

function hostingFaults({ hosting, directoryIds, appKeysClientId }: EntraIssuer, rules: RegistrationRules): string[] {
  if (hosting.flavour === 'workforce') return [];
  const faults = [...baseFaults('hosting.base', hosting.base, rules), ...addressFaults('hosting.issuer', hosting.issuer, rules)];
  if (directoryIds.length !== 1) faults.push('directories: exactly one for B2C and External ID');
  if (appKeysClientId !== null) faults.push('appKeysClientId: of workforce directories alone');
  if (hosting.flavour === 'b2c' && !/^[A-Za-z0-9_-]{1,128}$/.test(hosting.policy))
    faults.push('hosting.policy: letters, digits, "_" and "-"');
  return faults;
}

function baseFaults(field: string, base: string, rules: RegistrationRules): string[] {
  const faults = addressFaults(field, base, rules);
  return base.endsWith('/') ? [...faults, `${field}: without a slash at the end`] : faults;
}

/**
 * SECURITY: an issuer is compared as the bytes that are stored but fetched as a parsed URL. Only a spelling that both read in
 * the same way is taken, so no two readers can see two hosts in it (CVE-2026-76172).
 */
function addressFaults(field: string, value: string, { allowLoopbackHttp, allowQuery = false }: AddressRules): string[] {
  const url = URL.parse(value);
  if (url === null || !PRINTABLE.test(value) || value.includes('\\')) return [`${field}: not a URL`];
  if (!isFetchable(url, allowLoopbackHttp)) {
    return [`${field}: an https URL without a user name${allowLoopbackHttp ? ', or http on this machine' : ''}`];
  }
  if (value === url.origin || value === `${url.origin}${url.pathname}${allowQuery ? url.search : ''}`) return [];
  return [`${field}: in its plain form, host in lower case, without a default port, query, fragment or "." and ".." segments`];
}

function repeats(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
