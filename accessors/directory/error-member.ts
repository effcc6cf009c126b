/**
 * A member of whatever was thrown, by what it is and not by its class: Node's own errors and those of a library may belong to
 * another realm than this file.
 */
export function errorMember(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}
