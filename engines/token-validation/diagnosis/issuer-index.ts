import type { EntraIssuer, TrustedIssuer } from '#accessors/issuer/contract.js';

export interface KnownDirectory {
  /** Name of the trusted issuer. */
  readonly name: string;
  /** Every `iss` of this directory that is trusted. */
  readonly issuers: readonly string[];
}

/** The trusted issuers, found by what an `iss` that misses them narrowly has in common with them. */
export interface IssuerIndex {
  /** From the plain spelling to the exact one. */
  readonly spellings: ReadonlyMap<string, string>;
  /** By directory id in lower case. */
  readonly directories: ReadonlyMap<string, KnownDirectory>;
  /** Names of the issuers of Entra that list their directories. */
  readonly names: readonly string[];
  /** Bases of the clouds of which any directory is accepted. */
  readonly openClouds: readonly string[];
  /** What is registered as an issuer and is an authority: no token can carry it. */
  readonly authorities: readonly string[];
}

/** Parts of addresses that stand for many directories. */
export const AUTHORITY = /\{tenantid\}|\/(?:common|organizations|consumers)(?:\/|$)/iu;
const DIRECTORY = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iu;

/** Made once for each set of issuers: a stranger's token must not cost more the more issuers are trusted. */
const indexes = new WeakMap<readonly TrustedIssuer[], IssuerIndex>();

export function indexOf(trusted: readonly TrustedIssuer[]): IssuerIndex {
  const known = indexes.get(trusted);
  if (known !== undefined) return known;
  const made = makeIndex(trusted);
  indexes.set(trusted, made);
  return made;
}

/** What is left of an `iss` without the differences that people overlook. */
export function plainSpelling(iss: string): string {
  return iss
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/^http:/u, 'https:')
    .replace(/^(https:\/\/[^/]*?):443(?=\/|$)/u, '$1')
    .replace(/\/+$/u, '');
}

function makeIndex(trusted: readonly TrustedIssuer[]): IssuerIndex {
  const spellings = new Map<string, string>();
  const directories = new Map<string, KnownDirectory>();
  for (const issuer of trusted) {
    for (const iss of ownedBy(issuer)) {
      spellings.set(plainSpelling(iss), iss);
      const directory = DIRECTORY.exec(iss)?.[0].toLowerCase();
      if (directory === undefined) continue;
      const issuers = [...(directories.get(directory)?.issuers ?? []), iss];
      directories.set(directory, { name: directories.get(directory)?.name ?? issuer.name, issuers });
    }
  }
  const entra = trusted.filter((issuer) => issuer.provider === 'entra-id');
  const names = entra.filter(({ anyDirectory }) => !anyDirectory).map(({ name }) => name);
  const openClouds = entra.filter(({ anyDirectory }) => anyDirectory).map(({ cloud }) => cloud.loginBase);
  const authorities = trusted.flatMap(ownedBy).filter((iss) => AUTHORITY.test(iss));
  return { spellings, directories, names, openClouds, authorities };
}

function ownedBy(issuer: TrustedIssuer): readonly string[] {
  if (issuer.provider === 'oidc') return [issuer.issuer];
  return issuer.hosting.flavour === 'workforce'
    ? issuer.directoryIds.flatMap((id) => pairOf(issuer, id))
    : [issuer.hosting.issuer];
}

function pairOf({ cloud }: EntraIssuer, directoryId: string): readonly string[] {
  return [`${cloud.v1IssuerBase}/${directoryId}/`, `${cloud.loginBase}/${directoryId}/v2.0`];
}
