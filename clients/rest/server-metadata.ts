import { ADMINISTRATION_PATH, insertedInto, JWKS_PATH, RESOURCE_METADATA_PATH, ROUTES, TOKEN_PATH } from './routes.js';

type Metadata = Readonly<Record<string, unknown>>;

/** What this installation can do, as far as metadata tells of it. */
export interface Abilities {
  readonly issuer: string;
  /** How clients may authenticate, by the names of the IANA registry. */
  readonly clientAuthentication: readonly string[];
  /** What client assertions may be signed with. */
  readonly assertionAlgorithms: readonly string[];
  /** What DPoP proofs may be signed with. Empty: there is no DPoP here. */
  readonly proofAlgorithms: readonly string[];
  /** Whether client certificates can be shown here, and tokens be bound to them. */
  readonly mutualTls: boolean;
  /** What tokens are signed with. */
  readonly signingAlgorithms: readonly string[];
  /** Permissions of the administration. */
  readonly administration: readonly string[];
}

const GRANT_TYPES = ['urn:ietf:params:oauth:grant-type:token-exchange'];
/** Methods by which a client proves nothing have no place where something is told to clients alone. */
const NOT_PROVEN: ReadonlySet<string> = new Set(['none']);
const BY_ASSERTION: ReadonlySet<string> = new Set(['private_key_jwt']);

/**
 * RFC 8414 §2, from the list of routes. There is no authorization endpoint, hence no `response_types_supported`: an empty list would
 * have to be left out (§3.2). Only what exists is listed.
 */
export function authorizationServerMetadata(abilities: Abilities): Metadata {
  const { issuer, proofAlgorithms, mutualTls } = abilities;
  return withoutEmpty({
    issuer,
    ...endpointsBelow(issuer),
    grant_types_supported: GRANT_TYPES,
    ...authenticationOf('token_endpoint', abilities),
    ...authenticationOf('introspection_endpoint', abilities),
    ...authenticationOf('revocation_endpoint', abilities),
    dpop_signing_alg_values_supported: proofAlgorithms,
    tls_client_certificate_bound_access_tokens: mutualTls ? true : undefined,
    protected_resources: [issuer + ADMINISTRATION_PATH],
  });
}

/** What a library that knows only OpenID Connect discovery needs to verify our tokens. It is no login service. */
export function openIdConfiguration(abilities: Abilities): Metadata {
  const { issuer, signingAlgorithms } = abilities;
  return withoutEmpty({
    issuer,
    jwks_uri: issuer + JWKS_PATH,
    token_endpoint: issuer + TOKEN_PATH,
    grant_types_supported: GRANT_TYPES,
    ...authenticationOf('token_endpoint', abilities),
    id_token_signing_alg_values_supported: signingAlgorithms,
    subject_types_supported: ['public'],
  });
}

/** RFC 9728 §2, of the administration: the one API of ours that takes tokens of ours. */
export function protectedResourceMetadata({ issuer, administration, proofAlgorithms, mutualTls }: Abilities): Metadata {
  return withoutEmpty({
    resource: issuer + ADMINISTRATION_PATH,
    authorization_servers: [issuer],
    jwks_uri: issuer + JWKS_PATH,
    scopes_supported: administration,
    bearer_methods_supported: ['header'],
    tls_client_certificate_bound_access_tokens: mutualTls ? true : undefined,
    resource_name: 'Countersign administration',
    dpop_signing_alg_values_supported: proofAlgorithms,
    /** What to ask a token for: `aud` is no URL. */
    countersign_audience: 'countersign',
  });
}

/** Where it is (RFC 9728 §3.1): the well-known name comes between host and path of the resource. */
export function resourceMetadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return origin + insertedInto(RESOURCE_METADATA_PATH, pathname.replace(/\/$/, ''));
}

function endpointsBelow(base: string): Metadata {
  return Object.fromEntries(ROUTES.flatMap(({ member, path }) => (member === null ? [] : [[member, base + path]])));
}

function authenticationOf(endpoint: string, { clientAuthentication, assertionAlgorithms }: Abilities): Metadata {
  const takesUnproven = endpoint !== 'introspection_endpoint';
  const methods = clientAuthentication.filter((method) => takesUnproven || !NOT_PROVEN.has(method));
  const algorithms = methods.some((method) => BY_ASSERTION.has(method)) ? assertionAlgorithms : [];
  return {
    [`${endpoint}_auth_methods_supported`]: methods,
    [`${endpoint}_auth_signing_alg_values_supported`]: algorithms,
  };
}

/** RFC 8414 §3.2: members without values are left out. */
function withoutEmpty(members: Metadata): Metadata {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );
}
