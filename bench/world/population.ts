/** Who and what the bench registers: 10 000 subjects, 200 permissions, 40 roles, and what each subject must be granted. */
import type { EntraCloud } from '#accessors/issuer/contract.js';

export const benchAudience = 'https://api.bench.example';
export const benchClientId = 'bench-client';
/** Ids at the identity provider: the directory, the API that tokens are issued for, and the client that they are issued to. */
export const directoryId = 'b1a5e000-0000-4000-8000-000000000001';
export const apiClientId = 'b1a5e000-0000-4000-8000-000000000002';
export const presenterId = 'b1a5e000-0000-4000-8000-000000000003';

export const subjectCount = 10_000;
const roleCount = 40;
const groupCount = 20;
const verbs = ['approve', 'create', 'delete', 'read', 'update'];
export const tenant = 'bench';
const issuer = 'directory';

export function objectIdOf(subject: number): string {
  return `00000000-0000-4000-8000-${String(subject).padStart(12, '0')}`;
}

/** Full names, sorted: what an issued token of this subject must hold. */
export function permissionsOf(subject: number): readonly string[] {
  const roles = [...rolesOf(subject), roleOfGroup(subject % groupCount)];
  return [...new Set(roles.flatMap(permissionsOfRole))].toSorted();
}

/** The document that is imported, as its file would hold it. */
export function populationDocument(cloud: EntraCloud, secretSha256: string, registered = subjectCount): object {
  const subjects = Array.from({ length: registered }, (_, subject) => subject);
  return {
    apiVersion: 'countersign/v1',
    tenants: [{ slug: tenant }],
    applications: [
      {
        audience: benchAudience,
        prefix: 'bench',
        permissions: allPermissions().map((name) => ({ name })),
      },
    ],
    issuers: [
      { name: issuer, provider: 'entra-id', cloud, directories: [{ id: directoryId, tenant }], audiences: [apiClientId] },
    ],
    policies: [
      { tenant, name: 'main', roles: Object.fromEntries(roleNumbers().map((role) => [roleName(role), roleEntry(role)])) },
    ],
    clients: [
      {
        clientId: benchClientId,
        secretSha256: [secretSha256],
        presents: { own: [{ issuer, id: presenterId }] },
        targets: [{ audience: benchAudience, scopes: ['bench:**'] }],
        checks: [benchAudience],
      },
    ],
    groups: Array.from({ length: groupCount }, (_, group) => ({ tenant, key: groupKey(group) })),
    subjects: subjects.map((subject) => ({
      tenant,
      key: subjectKey(subject),
      kind: 'user',
      identities: [{ issuer, directory: directoryId, id: objectIdOf(subject) }],
      groups: [groupKey(subject % groupCount)],
    })),
    assignments: [
      ...subjects.flatMap((subject) =>
        rolesOf(subject).map((role) => ({ tenant, principal: `subject:${subjectKey(subject)}`, role: roleName(role) })),
      ),
      ...Array.from({ length: groupCount }, (_, group) => ({
        tenant,
        principal: `group:${groupKey(group)}`,
        role: roleName(roleOfGroup(group)),
      })),
    ],
  };
}

/** Of the application, all of them. */
export function allPermissions(): readonly string[] {
  return roleNumbers().flatMap((role) => allOf(role));
}

function roleEntry(role: number): object {
  const grants = [`bench:res${role}:*`, `bench:res${neighbour(role)}:read`];
  return inherits(role) ? { grants, inherits: [roleName(role + 1)] } : { grants };
}

function permissionsOfRole(role: number): readonly string[] {
  const own = [...allOf(role), `bench:res${neighbour(role)}:read`];
  return inherits(role) ? [...own, ...permissionsOfRole(role + 1)] : own;
}

function allOf(role: number): string[] {
  return verbs.map((verb) => `bench:res${role}:${verb}`);
}

function inherits(role: number): boolean {
  return role % 5 === 0;
}

function neighbour(role: number): number {
  return (role + 7) % roleCount;
}

/** Two roles that are never the same one. */
function rolesOf(subject: number): readonly [number, number] {
  return [subject % roleCount, (subject * 7 + 3) % roleCount];
}

function roleOfGroup(group: number): number {
  return (group * 3 + 1) % roleCount;
}

function roleNumbers(): number[] {
  return Array.from({ length: roleCount }, (_, role) => role);
}

function roleName(role: number): string {
  return `role${role}`;
}

function groupKey(group: number): string {
  return `group${group}`;
}

export function subjectKey(subject: number): string {
  return `subject${subject}`;
}
