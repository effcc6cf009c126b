import type { EntraCloud, IssuerRegistration } from '#accessors/issuer/contract.js';
import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { ImportedItem } from './import-document.js';

type ImportedIssuer = ImportedItem<'issuers'>;
type ImportedEntra = Extract<ImportedIssuer, { provider: 'entra-id' }>;
type ImportedOidc = Extract<ImportedIssuer, { provider: 'oidc' }>;

/** The national clouds of Entra by the names that an import file may use. Public and US Government share their v1 issuer. */
const KNOWN_CLOUDS: Readonly<Record<'public' | 'usgov' | 'china', EntraCloud>> = {
  public: { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' },
  usgov: { name: 'usgov', loginBase: 'https://login.microsoftonline.us', v1IssuerBase: 'https://sts.windows.net' },
  china: { name: 'china', loginBase: 'https://login.partner.microsoftonline.cn', v1IssuerBase: 'https://sts.chinacloudapi.cn' },
};

export function cloudOf(issuer: ImportedEntra): EntraCloud {
  return typeof issuer.cloud === 'string' ? KNOWN_CLOUDS[issuer.cloud] : issuer.cloud;
}

/** The values of `iss` that the issuer claims; each may belong to one issuer only. */
export function ownedIssuers(issuer: ImportedIssuer): readonly string[] {
  if (issuer.provider === 'oidc') return [issuer.issuer];
  if (issuer.hosting !== undefined && issuer.hosting.flavour !== 'workforce') return [issuer.hosting.issuer];
  const { loginBase, v1IssuerBase } = cloudOf(issuer);
  return issuer.directories.flatMap(({ id }) => [`${v1IssuerBase}/${id}/`, `${loginBase}/${id}/v2.0`]);
}

/** Who an id of this issuer is; the directory is needed for Entra, whose ids mean something within one directory alone. */
export function identityAt(issuer: ImportedIssuer, directory: string | undefined, id: string): UpstreamIdentity {
  if (issuer.provider === 'oidc') return { instance: `oidc:${issuer.issuer}`, externalId: id };
  return { instance: `entra:${cloudOf(issuer).name}:${directory ?? ''}`, externalId: id.toLowerCase() };
}

export function issuerRegistration(issuer: ImportedIssuer): IssuerRegistration {
  return issuer.provider === 'oidc' ? oidcRegistration(issuer) : entraRegistration(issuer);
}

function entraRegistration(issuer: ImportedEntra): IssuerRegistration {
  const { directories, tenants, cloud: _cloud, ...members } = issuer;
  const byDirectory = directories.map(({ id, tenant }) => ({ slug: tenant, when: { claim: 'tid', equals: id } }));
  return {
    ...members,
    cloud: cloudOf(issuer),
    directoryIds: directories.map(({ id }) => id),
    tenantRules: [...byDirectory, ...rulesOf(tenants)],
  };
}

function oidcRegistration({ tenant, tenants, ...members }: ImportedOidc): IssuerRegistration {
  const single = tenant === undefined ? [] : [{ slug: tenant, when: null }];
  return { ...members, tenantRules: [...single, ...rulesOf(tenants)] };
}

function rulesOf(tenants: ImportedOidc['tenants']): IssuerRegistration['tenantRules'] {
  return (tenants ?? []).map(({ tenant, when }) => ({ slug: tenant, when: when ?? null }));
}
