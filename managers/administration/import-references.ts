import type { Application } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import type { ImportedItem } from './import-document.js';
import type { ImportFault } from './import-faults.js';
import type { ImportedPolicy } from './import-policies.js';
import type { Declared, Placed, ReadImport } from './import-reading.js';
import { identityAt } from './issuer-records.js';

type ImportedFederation = NonNullable<ImportedItem<'clients'>['authentication']>['federated'][number];

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const INCLUDE = '; include it, also if it is registered already';

export interface ReferenceParts {
  readonly permissionEngine: PermissionEngine;
  readonly policyLanguage: PolicyLanguage;
  readonly policies: readonly ImportedPolicy[];
  /** Applications that are registered already. */
  readonly stored: readonly Application[];
}

/** What an item names must be there: in the file, or registered already where that can be asked. */
export class ImportReferences {
  private readonly declared: Declared;
  private readonly issuers: ReadonlyMap<string, ImportedItem<'issuers'>>;
  /** The permission names of every application, in the file or registered, by audience; the file tells what will be. */
  private readonly catalogues: ReadonlyMap<string, readonly string[]>;

  constructor(
    private readonly read: ReadImport,
    private readonly deps: ReferenceParts,
  ) {
    this.declared = read.declared;
    this.issuers = new Map(read.sections.issuers.map(({ item }) => [item.name, item]));
    const stored = deps.stored.map(({ audience, permissions }) => [audience, permissions.map(({ name }) => name)] as const);
    this.catalogues = new Map([...stored, ...read.declared.applications]);
  }

  faults(): readonly ImportFault[] {
    const { clients, subjects, assignments } = this.read.sections;
    return [
      ...this.deps.policies.flatMap((policy) => this.policyFaults(policy)),
      ...clients.flatMap((placed) => this.clientFaults(placed)),
      ...subjects.flatMap((placed) => this.subjectFaults(placed)),
      ...this.assignmentFaults(assignments),
    ];
  }

  private policyFaults({ path, content }: ImportedPolicy): readonly ImportFault[] {
    if (content === null) return [];
    const applications = [...this.catalogues].map(([audience, names]) => applicationWith(audience, names));
    // Issuers are looked for in the file, as everywhere in it; which fact sources there are is a matter of each process.
    const surroundings = { applications, issuers: [...this.declared.issuers], factSources: null };
    const { faults } = this.deps.policyLanguage.lint(content, surroundings);
    return faults.map((fault) => {
      const hint = /^mappings\[\d+\]\.issuer$/.test(fault.path) ? INCLUDE : '';
      return { path: `${path}.${fault.path}`, message: `${fault.message}${hint}` };
    });
  }

  private clientFaults({ path, item }: Placed<'clients'>): readonly ImportFault[] {
    const presents = Object.entries(item.presents).flatMap(([list, ids]) =>
      ids.flatMap(({ issuer }, position) => this.issuerFaults(`${path}.presents.${list}[${position}].issuer`, issuer)),
    );
    const federated = (item.authentication?.federated ?? []).flatMap((entry, position) =>
      this.federatedFaults(`${path}.authentication.federated[${position}]`, entry),
    );
    return [
      ...presents,
      ...federated,
      ...item.targets.flatMap((target, position) => this.targetFaults(`${path}.targets[${position}]`, target)),
      ...(item.checks ?? []).flatMap((audience, position) => this.audienceFaults(`${path}.checks[${position}]`, audience)),
      ...(item.serves ?? []).flatMap((audience, position) => this.audienceFaults(`${path}.serves[${position}]`, audience)),
    ];
  }

  /** SECURITY: whoever may hand in a subject token must not be able to pass for the client that it came from. */
  private federatedFaults(path: string, { issuer, audience }: ImportedFederation): readonly ImportFault[] {
    const isForSubjects = this.issuers.get(issuer)?.audiences.includes(audience) === true;
    return [
      ...this.issuerFaults(`${path}.issuer`, issuer),
      ...(isForSubjects
        ? [{ path: `${path}.audience`, message: 'subject tokens of this issuer have it; choose another one' }]
        : []),
    ];
  }

  private targetFaults(path: string, target: ImportedItem<'clients'>['targets'][number]): readonly ImportFault[] {
    const catalogue = this.catalogues.get(target.audience) ?? null;
    const hops = target.hops ?? [];
    const lists: readonly (readonly [at: string, patterns: readonly string[]])[] = [
      ['scopes', target.scopes],
      ['delegationCeiling', target.delegationCeiling],
      ['impersonation', target.impersonation ?? []],
      ...hops.map(({ ceiling }, position) => [`hops[${position}].ceiling`, ceiling] as const),
    ];
    const patterns = lists.flatMap(([at, list]) =>
      this.deps.permissionEngine
        .validatePatterns(list, catalogue)
        .map((fault) => ({ path: `${path}.${at}${fault.path}`, message: fault.message })),
    );
    return [
      ...this.audienceFaults(`${path}.audience`, target.audience),
      ...hops.flatMap(({ from }, position) => this.audienceFaults(`${path}.hops[${position}].from`, from)),
      ...patterns,
    ];
  }

  private audienceFaults(path: string, audience: string): readonly ImportFault[] {
    if (this.catalogues.has(audience)) return [];
    return [{ path, message: 'no application has this audience, here or registered' }];
  }

  private subjectFaults({ path, item }: Placed<'subjects'>): readonly ImportFault[] {
    return item.identities.flatMap((identity, position) => {
      const at = `${path}.identities[${position}]`;
      const issuer = this.issuers.get(identity.issuer);
      return issuer === undefined ? this.issuerFaults(`${at}.issuer`, identity.issuer) : identityFaults(at, issuer, identity);
    });
  }

  private assignmentFaults(assignments: readonly Placed<'assignments'>[]): readonly ImportFault[] {
    const roles = new Map(
      this.deps.policies.flatMap(({ tenant, content }) =>
        content === null ? [] : [[tenant, new Set(content.roles.map(({ key }) => key))] as const],
      ),
    );
    return assignments.flatMap(({ path, item }) => {
      const known = roles.get(item.tenant);
      if (known === undefined || known.has(item.role) || item.state === 'revoked') return [];
      return [{ path: `${path}.role`, message: `there is no role ${item.role} in the policy of tenant ${item.tenant}` }];
    });
  }

  private issuerFaults(path: string, name: string): readonly ImportFault[] {
    if (this.declared.issuers.has(name)) return [];
    return [{ path, message: `there is no issuer ${name} in this file${INCLUDE}` }];
  }
}

/** As much of an application as rules are checked against. */
function applicationWith(audience: string, names: readonly string[]): Application {
  return {
    id: audience,
    audience,
    prefix: names[0]?.split(':')[0] ?? '',
    permissions: names.map((name, bit) => ({ name, bit })),
    allowsEmptyPermissions: false,
    tokenLifetimeSeconds: null,
  };
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
