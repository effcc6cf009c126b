import type { AssignmentRecord, SubjectRecord, TenantRecord } from '#accessors/facts/contract.js';
import type { IssuerRegistration } from '#accessors/issuer/contract.js';
import type { PolicyDocument } from '#accessors/policy/contract.js';
import type { ApplicationRegistration, ClientRegistration } from '#accessors/registration/contract.js';
import { clientRegistration } from './client-rules.js';
import type { ImportedKind } from './contract.js';
import type { ImportedItem } from './import-document.js';
import type { ImportedPolicy } from './import-policies.js';
import type { Placed, Sections } from './import-reading.js';
import { identityAt, issuerRegistration } from './issuer-records.js';

/** What an import asks of the accessors, in their words. */
export interface ImportPlan {
  readonly tenants: readonly TenantRecord[];
  readonly applications: readonly ApplicationRegistration[];
  readonly issuers: readonly IssuerRegistration[];
  readonly policies: readonly PolicyDocument[];
  readonly clients: readonly ClientRegistration[];
  readonly groups: readonly { readonly tenant: string; readonly key: string }[];
  readonly subjects: readonly SubjectRecord[];
  readonly assignments: readonly AssignmentRecord[];
}

/** The plan of a file without faults. */
export function importPlan(sections: Sections, policies: readonly ImportedPolicy[]): ImportPlan {
  const issuers = new Map(sections.issuers.map(({ item }) => [item.name, item]));
  return {
    tenants: items(sections.tenants),
    applications: items(sections.applications).map(applicationRegistration),
    issuers: items(sections.issuers).map(issuerRegistration),
    policies: policies.flatMap(policyDocument),
    clients: items(sections.clients).map(clientRegistration),
    groups: items(sections.groups),
    subjects: items(sections.subjects).map((subject) => subjectRecord(subject, issuers)),
    assignments: items(sections.assignments).map(assignmentRecord),
  };
}

function items<Kind extends ImportedKind>(placed: readonly Placed<Kind>[]): readonly ImportedItem<Kind>[] {
  return placed.map(({ item }) => item);
}

function applicationRegistration(application: ImportedItem<'applications'>): ApplicationRegistration {
  const { audience, prefix, permissions, allowEmptyPermissions, tokenLifetimeSeconds, signingAlgorithm, settlesContext } =
    application;
  return {
    audience,
    prefix,
    permissions: permissions.map(permissionRegistration),
    allowsEmptyPermissions: allowEmptyPermissions,
    tokenLifetimeSeconds,
    signingAlgorithm,
    ...(settlesContext === undefined ? {} : { settlesContext }),
  };
}

function permissionRegistration({
  name,
  description,
  risk,
  maxLifetimeSeconds,
}: ImportedItem<'applications'>['permissions'][number]): ApplicationRegistration['permissions'][number] {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(risk === undefined ? {} : { risk }),
    ...(maxLifetimeSeconds === undefined ? {} : { maxLifetimeSeconds }),
  };
}

function policyDocument({ tenant, set, content }: ImportedPolicy): readonly PolicyDocument[] {
  return content === null ? [] : [{ tenant, set, content }];
}

function subjectRecord(subject: ImportedItem<'subjects'>, issuers: ReadonlyMap<string, ImportedItem<'issuers'>>): SubjectRecord {
  const { tenant, key, kind, status, groups } = subject;
  const identities = subject.identities.flatMap(({ issuer, directory, id }) => {
    const known = issuers.get(issuer);
    return known === undefined ? [] : [identityAt(known, directory, id)];
  });
  return { tenant, key, kind, status, groups, identities };
}

function assignmentRecord({ tenant, principal, role, state }: ImportedItem<'assignments'>): AssignmentRecord {
  const colon = principal.indexOf(':');
  const type = principal.startsWith('group:') ? 'group' : 'subject';
  return { tenant, principal: { type, key: principal.slice(colon + 1) }, role, state };
}
