/** Where the token endpoint is, below the issuer. */
export const TOKEN_PATH = '/oauth2/token';
/** Live decisions. */
export const CHECK_PATH = '/v1/check';
export const EFFECTIVE_PATH = '/v1/permissions:effective';
export const JWKS_PATH = '/.well-known/jwks.json';
export const CUTOFFS_PATH = '/.well-known/countersign-cutoffs.jwt';
export const SERVER_METADATA_PATH = '/.well-known/oauth-authorization-server';
export const OPENID_CONFIGURATION_PATH = '/.well-known/openid-configuration';

const ALLOWED_METHODS: ReadonlyMap<string, string> = new Map([
  [TOKEN_PATH, 'POST'],
  [CHECK_PATH, 'POST'],
  [EFFECTIVE_PATH, 'POST'],
  [JWKS_PATH, 'GET, HEAD'],
  [CUTOFFS_PATH, 'GET, HEAD'],
  [SERVER_METADATA_PATH, 'GET, HEAD'],
  [OPENID_CONFIGURATION_PATH, 'GET, HEAD'],
]);

/** Whether bodies are JSON here; elsewhere they are forms. */
export function takesJson(url: string): boolean {
  return url.startsWith('/v1/') || url.startsWith('/admin/');
}

/** What a known path answers to (the `Allow` header); `undefined` for a path that is not there. */
export function allowedMethods(url: string): string | undefined {
  const query = url.indexOf('?');
  return ALLOWED_METHODS.get(query === -1 ? url : url.slice(0, query));
}

/**
 * RFC 8414 §2. There is no authorization endpoint, hence no `response_types_supported`: an empty list would have to be left out
 * (§3.2). Only what exists is listed.
 */
export function authorizationServerMetadata(issuer: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    token_endpoint: issuer + TOKEN_PATH,
    jwks_uri: issuer + JWKS_PATH,
    grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  };
}

/** What a library that knows only OpenID Connect discovery needs to verify our tokens. It is no login service. */
export function openIdConfiguration(issuer: string, algorithms: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    issuer,
    jwks_uri: issuer + JWKS_PATH,
    token_endpoint: issuer + TOKEN_PATH,
    grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    id_token_signing_alg_values_supported: algorithms,
    subject_types_supported: ['public'],
  };
}
