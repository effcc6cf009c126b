import type { EntraIssuer, TrustedIssuer } from './contract.js';

/** Where the keys of one exact `iss` are announced. Made from configuration alone: no part of it ever comes from a token. */
export interface MetadataLocation {
  readonly iss: string;
  readonly metadataUrl: string;
  /** The Entra directory that `iss` belongs to: fills `{tenantid}` where the metadata holds a template. */
  readonly directoryId: string | null;
}

/** Every `iss` that the issuer owns, each with the place of its metadata. */
export function metadataLocations(issuer: TrustedIssuer): readonly MetadataLocation[] {
  if (issuer.provider === 'entra-id') return issuer.directoryIds.flatMap((directoryId) => entraLocations(issuer, directoryId));
  // OpenID Connect Discovery 1.0 §4: a slash at the end of the issuer is left out.
  const base = issuer.issuer.endsWith('/') ? issuer.issuer.slice(0, -1) : issuer.issuer;
  return [{ iss: issuer.issuer, metadataUrl: `${base}/.well-known/openid-configuration`, directoryId: null }];
}

/** The metadata follows the version of the token; both versions of one directory are separate sources. */
function entraLocations({ cloud }: EntraIssuer, directoryId: string): MetadataLocation[] {
  const authority = `${cloud.loginBase}/${directoryId}`;
  return [
    { iss: `${cloud.v1IssuerBase}/${directoryId}/`, metadataUrl: `${authority}/.well-known/openid-configuration`, directoryId },
    { iss: `${authority}/v2.0`, metadataUrl: `${authority}/v2.0/.well-known/openid-configuration`, directoryId },
  ];
}
