import { z } from 'zod';
import type { ImportedKind } from './contract.js';
import { frameSchema, itemSchemas, type ImportedItem } from './import-document.js';
import { pathText, type ImportFault } from './import-faults.js';

/** An item that is well formed, and where it stands in the file. */
export interface Placed<Kind extends ImportedKind> {
  readonly path: string;
  readonly position: number;
  readonly item: ImportedItem<Kind>;
}

export type Sections = { readonly [Kind in ImportedKind]: readonly Placed<Kind>[] };

export interface ReadImport {
  /** The well formed items. */
  readonly sections: Sections;
  readonly faults: readonly ImportFault[];
  readonly declared: Declared;
  /** As they stand in the file: the policy language reads what is in them. */
  readonly policies: readonly unknown[];
}

/** What the file names, in faulty items too, so that one fault does not make others appear. */
export interface Declared {
  readonly issuers: ReadonlySet<string>;
  /** Permission names by audience. */
  readonly applications: ReadonlyMap<string, readonly string[]>;
}

const LOOSE_ISSUER = z.looseObject({ name: z.string() });
const LOOSE_PERMISSION = z.looseObject({ name: z.string() });
const LOOSE_APPLICATION = z.looseObject({ audience: z.string(), permissions: z.array(z.unknown()).catch([]) });

/** Reads any value as an import file and finds everything that is wrong with its form. */
export function readImport(document: unknown): ReadImport {
  const frame = frameSchema.safeParse(document);
  const faults: ImportFault[] = frame.success ? [] : frame.error.issues.flatMap((issue) => issueFaults(issue, []));
  const raw = z.looseObject({}).safeParse(document).data ?? {};
  const items = (kind: ImportedKind): readonly unknown[] => {
    const given = Object.hasOwn(raw, kind) ? raw[kind] : [];
    return Array.isArray(given) ? given : [];
  };
  const read = <Kind extends ImportedKind>(kind: Kind, schema: z.ZodType<ImportedItem<Kind>>): readonly Placed<Kind>[] =>
    items(kind).flatMap((given, position) => {
      const parsed = schema.safeParse(given);
      if (parsed.success) return [{ path: `${kind}[${position}]`, position, item: parsed.data }];
      faults.push(...parsed.error.issues.flatMap((issue) => issueFaults(issue, [kind, position])));
      return [];
    });
  const sections: Sections = {
    tenants: read('tenants', itemSchemas.tenants),
    applications: read('applications', itemSchemas.applications),
    issuers: read('issuers', itemSchemas.issuers),
    policies: read('policies', itemSchemas.policies),
    clients: read('clients', itemSchemas.clients),
    groups: read('groups', itemSchemas.groups),
    subjects: read('subjects', itemSchemas.subjects),
    assignments: read('assignments', itemSchemas.assignments),
  };
  const declared = declaredBy(items('issuers'), items('applications'));
  return { sections, faults, declared, policies: items('policies') };
}

/** SECURITY: says what was expected and never what was found, which may be a secret in the wrong place. */
function issueFaults(issue: z.core.$ZodIssue, at: readonly PropertyKey[]): readonly ImportFault[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => ({ path: pathText([...path, name]), message: 'unknown member' }));
  }
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => ({ path: pathText(path), message: `this name: ${message}` }));
  return [{ path: pathText(path), message: issue.message }];
}

function declaredBy(issuers: readonly unknown[], applications: readonly unknown[]): Declared {
  const names = issuers.flatMap((issuer) => LOOSE_ISSUER.safeParse(issuer).data?.name ?? []);
  const catalogues = applications.flatMap((given): [string, readonly string[]][] => {
    const application = LOOSE_APPLICATION.safeParse(given).data;
    if (application === undefined) return [];
    const permissions = application.permissions.flatMap((permission) => LOOSE_PERMISSION.safeParse(permission).data?.name ?? []);
    return [[application.audience, permissions]];
  });
  return { issuers: new Set(names), applications: new Map(catalogues) };
}
