import type { EntraCloud } from '#accessors/issuer/contract.js';
import { type IssuerAnswer, jsonAnswer, STAND_IN } from './issuer-answer.js';
import type { TokenVersion } from './persona-claims.js';
import type { SigningKeys } from './signing-keys.js';

export function issuerOf(cloud: EntraCloud, directoryId: string, version: TokenVersion): string {
  return version === 1 ? `${cloud.v1IssuerBase}/${directoryId}/` : `${cloud.loginBase}/${directoryId}/v2.0`;
}

/** Authorities that stand for every directory; their metadata has a template in the place of the directory. */
export function isSharedAuthority(name: string): boolean {
  return name === 'organizations' || name === 'common';
}

export function discoveryAnswer(cloud: EntraCloud, directoryId: string, version: TokenVersion): IssuerAnswer {
  const base = `${cloud.loginBase}/${directoryId}`;
  return jsonAnswer({
    countersign_stand_in: STAND_IN,
    issuer: issuerOf(cloud, isSharedAuthority(directoryId) ? '{tenantid}' : directoryId, version),
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: version === 1 ? `${base}/discovery/keys` : `${base}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    id_token_signing_alg_values_supported: ['RS256'],
    subject_types_supported: ['pairwise'],
    tenant_region_scope: null,
    cloud_instance_name: cloudInstanceName(cloud),
  });
}

/** As the real clouds are named: the login host without its first part. */
function cloudInstanceName({ loginBase }: EntraCloud): string {
  return loginBase.replace(/^https?:\/\/(?:login\.)?/u, '');
}

/** Keys carry no `alg`, as the real ones; v2 keys say which issuers they may sign for. */
export function jwksAnswer(cloud: EntraCloud, keys: SigningKeys, version: TokenVersion): IssuerAnswer {
  return jsonAnswer({ keys: keys.publicJwks().map((jwk) => publishedJwk(jwk, cloud, version)) });
}

export function publishedJwk(jwk: { readonly kid: string }, cloud: EntraCloud, version: TokenVersion): object {
  const entry = { use: 'sig', ...jwk, x5t: jwk.kid };
  return version === 1
    ? entry
    : { ...entry, cloud_instance_name: cloudInstanceName(cloud), issuer: `${cloud.loginBase}/{tenantid}/v2.0` };
}
