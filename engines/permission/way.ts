import type { Deny, PolicyBinding, ResourceSelector } from '#accessors/policy/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import type { BoundCondition } from './bound-condition.js';
import type { PermissionBits } from './permission-set.js';
import { isAlways } from './windows.js';

/** Everything that has to be so for something to hold. */
export interface Requirements {
  readonly windows: readonly TimeWindow[];
  readonly units: readonly string[];
  readonly selectors: readonly ResourceSelector[];
  readonly conditions: readonly BoundCondition[];
}

/** A rule that takes away, at one application. */
export interface Compiled<Rule> {
  readonly rule: Rule;
  readonly bits: PermissionBits;
}

export interface CompiledDeny extends Compiled<Deny> {
  readonly principals: readonly string[];
  readonly condition: BoundCondition | null;
}

/** What a role is worth at one application. */
export interface CompiledRole {
  readonly key: string;
  /** Its key and those of all roles that it inherits from. */
  readonly holds: ReadonlySet<string>;
  /** Nothing, where the policy does not know the role. */
  readonly bits: PermissionBits;
  /** Rules of the policy that name it or a role that it inherits from. */
  readonly bindings: readonly PolicyBinding[];
  readonly denies: readonly CompiledDeny[];
}

/** One way in which the subject comes to a role or to permissions. */
export interface Way extends Requirements {
  /** As in `GrantPath`. */
  readonly id: string;
  readonly group: string | null;
  readonly role: CompiledRole | null;
  /** Patterns, where it does not lead over a role. */
  readonly permissions: readonly string[];
  readonly bits: PermissionBits;
  readonly isEligible: boolean;
  /** The bindings that lead here from a role, first to last. */
  readonly through: readonly { readonly role: CompiledRole; readonly binding: PolicyBinding }[];
}

/** One way in which the subject is in a group. */
export interface Membership extends Requirements {
  readonly group: string;
}

const NONE: readonly never[] = Object.freeze([]);
export const UNCONDITIONAL: Requirements = Object.freeze({ windows: NONE, units: NONE, selectors: NONE, conditions: NONE });

export function requirementsOf(rule: {
  readonly valid?: TimeWindow;
  readonly unit?: string | null;
  readonly resource?: ResourceSelector | null;
  readonly condition: BoundCondition | null;
}): Requirements {
  const windows = listOf(rule.valid === undefined || isAlways(rule.valid) ? null : rule.valid);
  const units = listOf(rule.unit);
  const selectors = listOf(rule.resource);
  const conditions = listOf(rule.condition);
  const isFree = windows === NONE && units === NONE && selectors === NONE && conditions === NONE;
  return isFree ? UNCONDITIONAL : { windows, units, selectors, conditions };
}

function listOf<Item>(item: Item | null | undefined): readonly Item[] {
  return item === null || item === undefined ? NONE : [item];
}

/** What has to be so for both to hold. */
export function bothOf(one: Requirements, other: Requirements): Requirements {
  if (one === UNCONDITIONAL) return other;
  if (other === UNCONDITIONAL) return one;
  return {
    windows: joined(one.windows, other.windows),
    units: joined(one.units, other.units),
    selectors: joined(one.selectors, other.selectors),
    conditions: joined(one.conditions, other.conditions),
  };
}

/** Whether nothing but time decides. */
export function isUnguarded({ units, selectors, conditions }: Requirements): boolean {
  return units.length === 0 && selectors.length === 0 && conditions.length === 0;
}

/** Whether everything that `one` asks for is asked for by `other` too. */
export function isAskedBy(one: Requirements, other: Requirements): boolean {
  return (
    isSubset(one.windows, other.windows) &&
    isSubset(one.units, other.units) &&
    isSubset(one.selectors, other.selectors) &&
    isSubset(one.conditions, other.conditions)
  );
}

function isSubset<Item>(inner: readonly Item[], outer: readonly Item[]): boolean {
  return inner.every((item) => outer.includes(item));
}

function joined<Item>(one: readonly Item[], other: readonly Item[]): readonly Item[] {
  if (one.length === 0) return other;
  return other.length === 0 ? one : [...new Set([...one, ...other])];
}
