import type { EntraIssuer, KeySource, OidcIssuer, TrustedIssuer } from './contract.js';

/** Where the keys of one exact `iss` are announced. Made from configuration alone: no part of it ever comes from a token. */
export interface MetadataLocation {
  /** With `{tenantid}` in it, all directories of a cloud. */
  readonly iss: string;
  readonly metadataUrl: string;
  /** The Entra directory that `iss` belongs to: fills `{tenantid}` where the metadata holds a template. */
  readonly directoryId: string | null;
  /** Names under which the metadata and its keys may say which cloud they are of; empty where there are no clouds. */
  readonly cloudNames: readonly string[];
  readonly keySource: KeySource;
}

/** What stands for the directory in the `iss` of an issuer of any directory, and in Microsoft's own metadata. */
export const DIRECTORY_PLACE = '{tenantid}';

const WELL_KNOWN = '.well-known/openid-configuration';
const DISCOVERY: KeySource = { from: 'discovery' };

/** Every `iss` that the issuer owns, each with the place of its metadata. */
export function metadataLocations(issuer: TrustedIssuer): readonly MetadataLocation[] {
  if (issuer.provider === 'oidc') return [oidcLocation(issuer)];
  const { hosting } = issuer;
  if (hosting.flavour !== 'workforce') return issuer.directoryIds.map((id) => customerLocation(issuer, hosting, id));
  return issuer.anyDirectory
    ? anyDirectoryLocations(issuer)
    : issuer.directoryIds.flatMap((id) => directoryLocations(issuer, id));
}

function oidcLocation({ issuer, keySource }: OidcIssuer): MetadataLocation {
  // OpenID Connect Discovery 1.0 §4: a slash at the end of the issuer is left out.
  const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
  return { iss: issuer, metadataUrl: `${base}/${WELL_KNOWN}`, directoryId: null, cloudNames: [], keySource };
}

/** The metadata follows the version of the token; both versions of one directory are separate sources. */
function directoryLocations(issuer: EntraIssuer, directoryId: string): MetadataLocation[] {
  return bothVersions(issuer, { directory: directoryId, authority: directoryId, directoryId });
}

/**
 * SECURITY: one key set for all directories, at an address without any part of a token. Its keys say themselves for which
 * issuers they may sign; the keys of personal accounts are in it only where those are accepted.
 */
function anyDirectoryLocations(issuer: EntraIssuer): MetadataLocation[] {
  const authority = issuer.acceptance.personalAccounts ? 'common' : 'organizations';
  return bothVersions(issuer, { directory: DIRECTORY_PLACE, authority, directoryId: null });
}

function bothVersions(
  { cloud, appKeysClientId }: EntraIssuer,
  place: { readonly directory: string; readonly authority: string; readonly directoryId: string | null },
): MetadataLocation[] {
  const { directory, authority, directoryId } = place;
  const metadata = `${cloud.loginBase}/${authority}`;
  const query = appKeysClientId === null ? '' : `?appid=${appKeysClientId}`;
  const cloudNames = cloudNamesOf(cloud);
  const common = { directoryId, cloudNames, keySource: DISCOVERY };
  return [
    { ...common, iss: `${cloud.v1IssuerBase}/${directory}/`, metadataUrl: `${metadata}/${WELL_KNOWN}${query}` },
    { ...common, iss: `${cloud.loginBase}/${directory}/v2.0`, metadataUrl: `${metadata}/v2.0/${WELL_KNOWN}${query}` },
  ];
}

function customerLocation(
  { cloud }: EntraIssuer,
  hosting: Exclude<EntraIssuer['hosting'], { flavour: 'workforce' }>,
  directoryId: string,
): MetadataLocation {
  const path = hosting.flavour === 'b2c' ? `${directoryId}/${hosting.policy}` : directoryId;
  const metadataUrl = `${hosting.base}/${path}/v2.0/${WELL_KNOWN}`;
  return { iss: hosting.issuer, metadataUrl, directoryId, cloudNames: cloudNamesOf(cloud), keySource: DISCOVERY };
}

/** Microsoft names its clouds by their login host without the first part: `microsoftonline.com`. */
function cloudNamesOf({ name, loginBase }: EntraIssuer['cloud']): readonly string[] {
  return [name, (URL.parse(loginBase)?.host ?? loginBase).replace(/^login\./, '')];
}
