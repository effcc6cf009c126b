/** What somebody would write by hand for this one workload: a bit set for each role, a closure for each condition. */
import type { RoleDefinition } from '#accessors/policy/contract.js';
import type { PermissionRequest } from '#engines/permission/contract.js';
import type { Closure } from './condition.pairs.js';
import type { Workload } from './workload.js';

type Bits = Uint32Array;

export class ClosureBitset {
  readonly #names: readonly string[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #roles: ReadonlyMap<string, Bits>;
  readonly #conditions: ReadonlyMap<string, Closure>;
  readonly #union: Bits;

  constructor({ application, policy }: Workload, conditions: ReadonlyMap<string, Closure>) {
    this.#names = application.permissions.map(({ name }) => name).toSorted();
    this.#positions = new Map(this.#names.map((name, position) => [name, position]));
    this.#roles = new Map(policy.roles.map(({ key }) => [key, this.#bitsOf(key, policy.roles)]));
    this.#conditions = conditions;
    this.#union = new Uint32Array(Math.ceil(this.#names.length / 32));
  }

  /** Sorted names. */
  effective(request: PermissionRequest): readonly string[] {
    const union = this.#union.fill(0);
    for (const { role, condition } of request.facts.assignments) {
      if (condition !== null && this.#conditions.get(condition.key)?.(request) !== true) continue;
      const bits = this.#roles.get(role) as Bits;
      for (let word = 0; word < union.length; word += 1) union[word]! |= bits[word]!;
    }
    const names: string[] = [];
    for (let word = 0; word < union.length; word += 1) {
      for (let left = union[word]!; left !== 0; left &= left - 1)
        names.push(this.#names[word * 32 + 31 - Math.clz32(left & -left)]!);
    }
    return names;
  }

  check(request: PermissionRequest, permission: string): boolean {
    const position = this.#positions.get(permission);
    if (position === undefined) return false;
    const [word, bit] = [position >>> 5, 1 << (position & 31)];
    for (const { role, condition } of request.facts.assignments) {
      if (((this.#roles.get(role)?.[word] ?? 0) & bit) === 0) continue;
      if (condition === null || this.#conditions.get(condition.key)?.(request) === true) return true;
    }
    return false;
  }

  #bitsOf(key: string, roles: readonly RoleDefinition[]): Bits {
    const role = roles.find((each) => each.key === key);
    if (role === undefined) throw new Error(`no role ${key}`);
    const bits = new Uint32Array(Math.ceil(this.#names.length / 32));
    for (const [position, name] of this.#names.entries()) {
      const matches = (pattern: string): boolean => expressionOf(pattern).test(name);
      if (role.grants.some(matches) && !role.exclude.some(matches)) bits[position >>> 5]! |= 1 << (position & 31);
    }
    for (const parent of role.inherits) for (const [word, more] of this.#bitsOf(parent, roles).entries()) bits[word]! |= more;
    return bits;
  }
}

function expressionOf(pattern: string): RegExp {
  const segments = pattern.split(':').map((segment) => ({ '**': '[^:]+(:[^:]+)*', '*': '[^:]+' })[segment] ?? segment);
  return new RegExp(`^${segments.join(':')}$`);
}
