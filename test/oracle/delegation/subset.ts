/**
 * The most that may come of an exchange, by sets of plain names: subject ∩ ceilings ∩ client ∩ requested. It knows nothing of the
 * service: nothing of it is imported here.
 */

/** `a:*:read`, `a:x:*`, `a:**`: a star is one segment, two at the end are any number of them. */
function isCovered(pattern: string, name: string): boolean {
  const [wanted, given] = [pattern.split(':'), name.split(':')];
  const isOpen = wanted.at(-1) === '**';
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  if (isOpen ? given.length <= fixed.length && fixed.length > 0 : given.length !== fixed.length) return false;
  return fixed.every((segment, at) => segment === '*' || segment === given[at]);
}

export const within = (list: readonly string[], name: string): boolean => list.some((pattern) => isCovered(pattern, name));

export interface ModelRole {
  readonly key: string;
  readonly grants: readonly string[];
}

export interface ModelSubject {
  readonly roles: readonly ModelRole[];
  readonly assigned: readonly string[];
  readonly denied: readonly string[];
  /** What is open to the tenant at all; `null`: everything. */
  readonly boundary: readonly string[] | null;
}

/** What the subject may do, of these permissions. */
export function heldBy({ roles, assigned, denied, boundary }: ModelSubject, permissions: readonly string[]): readonly string[] {
  const grants = roles.filter(({ key }) => assigned.includes(key)).flatMap((role) => role.grants);
  return permissions.filter(
    (name) => within(grants, name) && !within(denied, name) && (boundary === null || within(boundary, name)),
  );
}

/** What is in each of the lists. `null`: nothing was requested, so it leaves everything. */
export function most(held: readonly string[], limits: readonly (readonly string[] | null)[]): readonly string[] {
  return held.filter((name) => limits.every((list) => list === null || within(list, name)));
}
