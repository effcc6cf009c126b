import type { ImportedKind } from './contract.js';
import type { ImportedItem } from './import-document.js';
import type { ImportFault } from './import-faults.js';
import type { Placed, Sections } from './import-reading.js';
import { identityKey } from './import-references.js';
import { cloudOf, ownedIssuers } from './issuer-records.js';

/** Names that must be there once and are there twice, which would make the later one win without a word. */
export function repeatFaults(sections: Sections): readonly ImportFault[] {
  const { tenants, applications, issuers, policies, clients, groups, subjects, assignments } = sections;
  return [
    ...repeats(tenants, (item) => [item.slug]),
    ...repeats(applications, (item) => [item.audience]),
    ...applications.flatMap(({ path, item }) =>
      repeatedIn(
        `${path}.permissions`,
        item.permissions.map(({ name }) => name),
      ),
    ),
    ...repeats(issuers, (item) => [item.name]),
    ...repeats(issuers, ownedIssuers),
    ...cloudFaults(issuers),
    ...repeats(policies, (item) => [item.tenant]),
    ...repeats(clients, (item) => [item.clientId]),
    ...clients.flatMap(({ path, item }) =>
      repeatedIn(
        `${path}.targets`,
        item.targets.map(({ audience }) => audience),
      ),
    ),
    ...repeats(clients, publicPresenters),
    ...repeats(groups, (item) => [`${item.tenant}/${item.key}`]),
    ...repeats(subjects, (item) => [`${item.tenant}/${item.key}`]),
    ...repeatedIdentities(subjects, issuers),
    ...repeats(assignments, (item) => [`${item.tenant} ${item.principal} ${item.role}`]),
  ];
}

function repeats<Kind extends ImportedKind>(
  placed: readonly Placed<Kind>[],
  keysOf: (item: ImportedItem<Kind>) => readonly string[],
): readonly ImportFault[] {
  const owners = new Map<string, string>();
  return placed.flatMap(({ path, item }) =>
    keysOf(item).flatMap((key) => {
      const owner = owners.get(key);
      owners.set(key, owner ?? path);
      return owner === undefined ? [] : [{ path, message: `${key} is there already, at ${owner}` }];
    }),
  );
}

function repeatedIn(path: string, names: readonly string[]): readonly ImportFault[] {
  const seen = new Set<string>();
  return names.flatMap((name, position) => {
    if (seen.has(name)) return [{ path: `${path}[${position}]`, message: `${name} is there already` }];
    seen.add(name);
    return [];
  });
}

/** SECURITY: a verified token names one public client, or it names none. */
function publicPresenters({ kind, presents }: ImportedItem<'clients'>): readonly string[] {
  return kind === 'public' ? presents.own.map(({ issuer, id }) => `public client ${id} of issuer ${issuer}`) : [];
}

/** SECURITY: one upstream identity is one subject of a tenant, or somebody would have the permissions of somebody else. */
function repeatedIdentities(
  subjects: readonly Placed<'subjects'>[],
  issuers: readonly Placed<'issuers'>[],
): readonly ImportFault[] {
  const byName = new Map(issuers.map(({ item }) => [item.name, item]));
  return repeats(subjects, (subject) =>
    subject.identities.flatMap((identity) => {
      const issuer = byName.get(identity.issuer);
      return issuer === undefined ? [] : [`in tenant ${subject.tenant}, identity ${identityKey(issuer, identity)}`];
    }),
  );
}

/** SECURITY: identities are known by the name of their cloud, so two clouds under one name would make two people one. */
function cloudFaults(issuers: readonly Placed<'issuers'>[]): readonly ImportFault[] {
  const known = new Map<string, string>();
  return issuers.flatMap(({ path, item }) => {
    if (item.provider === 'oidc') return [];
    const { name, loginBase, v1IssuerBase } = cloudOf(item);
    const hosts = JSON.stringify([loginBase, v1IssuerBase]);
    const earlier = known.get(name);
    known.set(name, earlier ?? hosts);
    if (earlier === undefined || earlier === hosts) return [];
    return [{ path: `${path}.cloud`, message: `another issuer gives the cloud ${name} other hosts` }];
  });
}
