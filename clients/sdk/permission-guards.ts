import { CountersignError, demanding } from './countersign-error.js';
import type { VerifiedToken } from './verified-token.js';

type Holder = Pick<VerifiedToken, 'permissions' | 'permissionsByReference'>;

/** A name, and no pattern: 2 to 6 segments, `app:resource:verb`. */
const NAME = /^[a-z0-9_-]+(:[a-z0-9_-]+){1,5}$/;

/**
 * Whether the token itself holds the permission. `false` too where it does not list what it holds.
 *
 * @throws TypeError when it is not the name of a permission: nothing is asked by a pattern
 */
export function hasPermission(token: Holder, name: string): boolean {
  checkPermissionNames([name]);
  return !token.permissionsByReference && token.permissions.includes(name);
}

/** @throws TypeError when no permission is named, or what is named is none */
export function checkPermissionNames(names: readonly string[]): void {
  // SECURITY: "all of none" would pass for everybody.
  if (names.length === 0) throw new TypeError('name at least one permission');
  for (const name of names) if (!NAME.test(name)) throw new TypeError(`${name} is not the name of a permission`);
}

/**
 * Passes where the token holds every one of them.
 *
 * @throws CountersignError `PERMISSION_DENIED`, `PERMISSIONS_BY_REFERENCE`
 * @throws TypeError when no permission is named, or what is named is none
 */
export function requirePermissions(token: Holder, ...names: readonly string[]): void {
  checkPermissionNames(names);
  const holdsAll = names.map((name) => hasPermission(token, name)).every(Boolean);
  if (token.permissionsByReference) throw new CountersignError('PERMISSIONS_BY_REFERENCE');
  if (!holdsAll) throw demanding('PERMISSION_DENIED', { permissions: names });
}
