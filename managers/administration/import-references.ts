import type { ClaimMapping, RoleDefinition } from '#accessors/policy/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { ImportedItem } from './import-document.js';
import type { ImportFault } from './import-faults.js';
import type { Declared, Placed, ReadImport } from './import-reading.js';
import { identityAt } from './issuer-records.js';

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Permission names of applications that are registered already and that the file does not hold, by audience. */
export type StoredCatalogues = ReadonlyMap<string, readonly string[]>;

/** What an item names must be there: in the file, or registered already where that can be asked. */
export class ImportReferences {
  private readonly declared: Declared;
  private readonly issuers: ReadonlyMap<string, ImportedItem<'issuers'>>;

  constructor(
    private readonly read: ReadImport,
    private readonly deps: { readonly permissionEngine: PermissionEngine; readonly stored: StoredCatalogues },
  ) {
    this.declared = read.declared;
    this.issuers = new Map(read.sections.issuers.map(({ item }) => [item.name, item]));
  }

  faults(): readonly ImportFault[] {
    const { policies, clients, subjects, assignments } = this.read.sections;
    return [
      ...policies.flatMap((placed) => this.policyFaults(placed)),
      ...clients.flatMap((placed) => this.clientFaults(placed)),
      ...subjects.flatMap((placed) => this.subjectFaults(placed)),
      ...this.assignmentFaults(assignments),
    ];
  }

  private policyFaults({ path, item }: Placed<'policies'>): readonly ImportFault[] {
    const catalogue = [...this.declared.applications.values()].flat();
    const own = this.deps.permissionEngine.validatePolicy(
      { roles: roleDefinitions(item), mappings: claimMappings(item) },
      catalogue,
    );
    return [
      ...own.map((fault) => ({ path: `${path}.${fault.path}`, message: fault.message })),
      ...item.mappings.flatMap(({ issuer }, position) => this.issuerFaults(`${path}.mappings[${position}].issuer`, issuer)),
    ];
  }

  private clientFaults({ path, item }: Placed<'clients'>): readonly ImportFault[] {
    const presents = Object.entries(item.presents).flatMap(([list, ids]) =>
      ids.flatMap(({ issuer }, position) => this.issuerFaults(`${path}.presents.${list}[${position}].issuer`, issuer)),
    );
    return [
      ...presents,
      ...item.targets.flatMap((target, position) => this.targetFaults(`${path}.targets[${position}]`, target)),
    ];
  }

  private targetFaults(path: string, target: ImportedItem<'clients'>['targets'][number]): readonly ImportFault[] {
    const catalogue = this.declared.applications.get(target.audience) ?? this.deps.stored.get(target.audience) ?? null;
    const unknown =
      catalogue === null ? [{ path: `${path}.audience`, message: 'no application has this audience, here or registered' }] : [];
    const patterns = (['scopes', 'delegationCeiling'] as const).flatMap((list) =>
      this.deps.permissionEngine
        .validatePatterns(target[list], catalogue)
        .map((fault) => ({ path: `${path}.${list}${fault.path}`, message: fault.message })),
    );
    return [...unknown, ...patterns];
  }

  private subjectFaults({ path, item }: Placed<'subjects'>): readonly ImportFault[] {
    return item.identities.flatMap((identity, position) => {
      const at = `${path}.identities[${position}]`;
      const issuer = this.issuers.get(identity.issuer);
      return issuer === undefined ? this.issuerFaults(`${at}.issuer`, identity.issuer) : identityFaults(at, issuer, identity);
    });
  }

  private assignmentFaults(assignments: readonly Placed<'assignments'>[]): readonly ImportFault[] {
    const roles = new Map(this.read.sections.policies.map(({ item }) => [item.tenant, new Set(Object.keys(item.roles))]));
    return assignments.flatMap(({ path, item }) => {
      const known = roles.get(item.tenant);
      if (known === undefined || known.has(item.role) || item.state === 'revoked') return [];
      return [{ path: `${path}.role`, message: `there is no role ${item.role} in the policy of tenant ${item.tenant}` }];
    });
  }

  private issuerFaults(path: string, name: string): readonly ImportFault[] {
    if (this.declared.issuers.has(name)) return [];
    return [{ path, message: `there is no issuer ${name} in this file; include it, also if it is registered already` }];
  }
}

export function roleDefinitions(policy: ImportedItem<'policies'>): readonly RoleDefinition[] {
  return Object.entries(policy.roles).map(([key, role]) => ({ key, ...role }));
}

export function claimMappings(policy: ImportedItem<'policies'>): readonly ClaimMapping[] {
  return policy.mappings.map(({ issuer, claim, equals, role }) => ({ issuer, claim, value: equals, role }));
}

function identityFaults(
  path: string,
  issuer: ImportedItem<'issuers'>,
  { directory, id }: ImportedItem<'subjects'>['identities'][number],
): readonly ImportFault[] {
  if (issuer.provider === 'oidc') {
    return directory === undefined
      ? []
      : [{ path: `${path}.directory`, message: `issuer ${issuer.name} has no directories; leave it out` }];
  }
  const faults: ImportFault[] = GUID.test(id) ? [] : [{ path: `${path}.id`, message: 'expected the object id (oid), a GUID' }];
  if (directory === undefined)
    return [...faults, { path: `${path}.directory`, message: 'missing: an object id means something within a directory alone' }];
  if (issuer.anyDirectory || issuer.directories.some((known) => known.id === directory)) return faults;
  return [...faults, { path: `${path}.directory`, message: `expected a directory of issuer ${issuer.name}` }];
}

/** A text that is equal for equal identities and for no others. */
export function identityKey(issuer: ImportedItem<'issuers'>, identity: ImportedItem<'subjects'>['identities'][number]): string {
  return JSON.stringify(identityAt(issuer, identity.directory, identity.id));
}
