import type { EntraCloud, IssuerRegistration, OidcIssuer } from './contract.js';
import { isFetchable } from './fetch-policy.js';
import { isSignatureAlgorithm } from './signature-algorithms.js';

export interface RegistrationRules {
  readonly allowLoopbackHttp: boolean;
  /** Our own `iss`: trusting ourselves as an identity provider would let a token renew itself. */
  readonly ownIssuer: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const LOWER_CASE_GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PRINTABLE = /^[\x21-\x7e]+$/;
const MAX_SKEW_SECONDS = 300;

/** Everything that is wrong with a registration, in words for the operator; empty when it may be loaded. */
export function registrationFaults(registration: IssuerRegistration, rules: RegistrationRules): string[] {
  return [
    ...(NAME.test(registration.name) ? [] : ['name: letters, digits, ".", "_" and "-", at most 128']),
    ...audienceFaults(registration.audiences),
    ...algorithmFaults(registration.algorithms),
    ...timeFaults(registration),
    ...ruleFaults(registration.tenantRules),
    ...(registration.provider === 'oidc' ? oidcFaults(registration, rules) : entraFaults(registration, rules)),
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

function timeFaults({ skewSeconds, maxTokenAgeSeconds }: IssuerRegistration): string[] {
  const faults: string[] = [];
  if (!Number.isInteger(skewSeconds) || skewSeconds < 0 || skewSeconds > MAX_SKEW_SECONDS)
    faults.push('skewSeconds: a whole number from 0 to 300');
  for (const kind of ['user', 'workload'] as const) {
    const age = maxTokenAgeSeconds[kind];
    if (!Number.isInteger(age) || age < 1) faults.push(`maxTokenAgeSeconds.${kind}: a whole number of seconds, at least 1`);
  }
  return faults;
}

function ruleFaults(rules: IssuerRegistration['tenantRules']): string[] {
  if (rules.length === 0) return ['tenants: at least one'];
  return rules
    .filter(({ when }) => when !== null && (when.claim === '' || when.equals === ''))
    .map(({ slug }) => `tenants: the condition for ${slug} needs a claim and a value`);
}

function oidcFaults(issuer: Omit<OidcIssuer, 'tenantRules'>, rules: RegistrationRules): string[] {
  const faults = addressFaults('issuer', issuer.issuer, rules);
  if (issuer.issuer === rules.ownIssuer) faults.push('issuer: this service does not trust itself as an identity provider');
  if (issuer.acceptedTypes.length === 0) faults.push('acceptedTypes: at least one');
  if (issuer.acceptedTypes.some((type) => !PRINTABLE.test(type))) faults.push('acceptedTypes: a type is empty or has blanks');
  if (issuer.claims.roles === '' || issuer.claims.groups === '')
    faults.push('claims: the names for roles and groups cannot be empty');
  return faults;
}

function entraFaults(
  issuer: { readonly cloud: EntraCloud; readonly directoryIds: readonly string[] },
  rules: RegistrationRules,
): string[] {
  const { cloud, directoryIds } = issuer;
  const faults = [
    ...baseFaults('cloud.loginBase', cloud.loginBase, rules),
    ...baseFaults('cloud.v1IssuerBase', cloud.v1IssuerBase, rules),
  ];
  if (!/^[a-z0-9-]{1,64}$/.test(cloud.name)) faults.push('cloud.name: lower-case letters, digits and "-", at most 64');
  if (directoryIds.length === 0) faults.push('directories: at least one');
  for (const id of directoryIds) {
    if (!LOWER_CASE_GUID.test(id)) faults.push(`directories: ${JSON.stringify(id)} is not a GUID in lower case`);
  }
  return [...faults, ...repeats(directoryIds).map((id) => `directories: ${id} is listed twice`)];
}

function baseFaults(field: string, base: string, rules: RegistrationRules): string[] {
  const faults = addressFaults(field, base, rules);
  return base.endsWith('/') ? [...faults, `${field}: without a slash at the end`] : faults;
}

/**
 * SECURITY: an issuer is compared as the bytes that are stored but fetched as a parsed URL. Only a spelling that both read in
 * the same way is taken, so no two readers can see two hosts in it (CVE-2026-76172).
 */
function addressFaults(field: string, value: string, { allowLoopbackHttp }: RegistrationRules): string[] {
  const url = URL.parse(value);
  if (url === null || !PRINTABLE.test(value) || value.includes('\\')) return [`${field}: not a URL`];
  if (!isFetchable(url, allowLoopbackHttp)) {
    return [`${field}: an https URL without a user name${allowLoopbackHttp ? ', or http on this machine' : ''}`];
  }
  if (value === url.origin || value === `${url.origin}${url.pathname}`) return [];
  return [`${field}: in its plain form, host in lower case, without a default port, query, fragment or "." and ".." segments`];
}

function repeats(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
