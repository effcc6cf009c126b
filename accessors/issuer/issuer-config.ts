import {
  type ClaimCondition,
  type ClaimSelector,
  ENTRA_DEFAULTS,
  type EntraAcceptance,
  type EntraHosting,
  type EntraIssuer,
  type KeySource,
  OIDC_DEFAULTS,
  type OidcIssuer,
} from './contract.js';
import * as read from './config-readers.js';
import { SIGNATURE_ALGORITHMS } from './signature-algorithms.js';

export type OidcConfig = Omit<OidcIssuer, 'name' | 'provider' | 'tenantRules'>;
export type EntraConfig = Omit<EntraIssuer, 'name' | 'provider' | 'tenantRules'>;

const selector: read.Reader<ClaimSelector> = read.firstOf<ClaimSelector>(read.text, read.someOf(read.text));

const condition: read.Reader<ClaimCondition> = read.membersOf<ClaimCondition>({
  claim: selector,
  oneOf: read.listOf(read.firstOf<string | boolean>(read.text, read.flag)),
});

const keySource: read.Reader<KeySource> = read.firstOf<KeySource>(
  read.membersOf({ from: read.choice(['discovery']) }),
  read.membersOf({ from: read.choice(['jwks-uri']), url: read.text }),
  read.membersOf({ from: read.choice(['uploaded']), jwks: read.text }),
);

const hosting: read.Reader<EntraHosting> = read.firstOf<EntraHosting>(
  read.membersOf({ flavour: read.choice(['workforce']) }),
  read.membersOf({ flavour: read.choice(['b2c']), base: read.text, policy: read.text, issuer: read.text }),
  read.membersOf({ flavour: read.choice(['external-id']), base: read.text, issuer: read.text }),
);

const STANDARD = ENTRA_DEFAULTS.acceptance;

const acceptance: read.Reader<EntraAcceptance> = read.membersOf<EntraAcceptance>({
  delegated: read.withDefault(STANDARD.delegated, read.flag),
  appOnly: read.withDefault(STANDARD.appOnly, read.flag),
  guests: read.withDefault(STANDARD.guests, read.flag),
  personalAccounts: read.withDefault(STANDARD.personalAccounts, read.flag),
  agents: read.withDefault(STANDARD.agents, read.flag),
  strictIdtyp: read.withDefault(STANDARD.strictIdtyp, read.flag),
  requireAppRoles: read.withDefault(STANDARD.requireAppRoles, read.flag),
  requiredScopes: read.withDefault(STANDARD.requiredScopes, read.listOf(read.text)),
  requiredApplicationPermissions: read.withDefault(STANDARD.requiredApplicationPermissions, read.listOf(read.text)),
  requiredUserRoles: read.withDefault(STANDARD.requiredUserRoles, read.listOf(read.text)),
  presenters: read.withDefault(STANDARD.presenters, read.nullable(read.listOf(read.text))),
  minimumClientAuthentication: read.withDefault(STANDARD.minimumClientAuthentication, read.choice(['0', '1', '2'])),
  requiredAuthContext: read.withDefault(STANDARD.requiredAuthContext, read.nullable(read.text)),
});

const common = {
  audiences: read.listOf(read.text),
  algorithms: read.listOf(read.choice(SIGNATURE_ALGORITHMS)),
  skewSeconds: read.amount,
  maxTokenAgeSeconds: read.membersOf({ user: read.amount, workload: read.amount }),
};

/** The `config` column of an OIDC issuer. Rows that are older than a member get its default. */
export const readOidcConfig: read.Reader<OidcConfig> = read.membersOf<OidcConfig>({
  ...common,
  preset: read.withDefault(OIDC_DEFAULTS.preset, read.nullable(read.text)),
  issuer: read.text,
  acceptedTypes: read.listOf(read.text),
  allowMissingType: read.withDefault(OIDC_DEFAULTS.allowMissingType, read.flag),
  claims: read.membersOf({ roles: selector, groups: selector }),
  identityClaims: read.withDefault(OIDC_DEFAULTS.identityClaims, read.someOf(selector)),
  presenterClaims: read.withDefault(OIDC_DEFAULTS.presenterClaims, read.listOf(selector)),
  kind: read.withDefault(OIDC_DEFAULTS.kind, read.choice(['auto', 'user', 'workload'])),
  markerClaims: read.withDefault(OIDC_DEFAULTS.markerClaims, read.listOf(selector)),
  conditions: read.withDefault(OIDC_DEFAULTS.conditions, read.listOf(condition)),
  keySource: read.withDefault(OIDC_DEFAULTS.keySource, keySource),
});

/** The `config` column of an Entra issuer. Rows that are older than a member get its default. */
export const readEntraConfig: read.Reader<EntraConfig> = read.membersOf<EntraConfig>({
  ...common,
  cloud: read.membersOf({ name: read.text, loginBase: read.text, v1IssuerBase: read.text }),
  hosting: read.withDefault<EntraHosting>(ENTRA_DEFAULTS.hosting, hosting),
  directoryIds: read.listOf(read.text),
  anyDirectory: read.withDefault(ENTRA_DEFAULTS.anyDirectory, read.flag),
  acceptance: read.withDefault<EntraAcceptance>(STANDARD, acceptance),
  appKeysClientId: read.withDefault(ENTRA_DEFAULTS.appKeysClientId, read.nullable(read.text)),
});
