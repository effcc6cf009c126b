import type { PermissionCatalogue } from './permission-catalogue.js';
import { addAll, isWithin, keepOnly, type PermissionBits } from './permission-set.js';

/** One requested value and what it covers. */
interface SelectedValue {
  readonly text: string;
  readonly covers: PermissionBits;
}

export type ScopeSelection =
  | { readonly outcome: 'selected'; readonly values: readonly SelectedValue[]; readonly covers: PermissionBits }
  | { readonly outcome: 'refused'; readonly code: 'SCOPE_UNKNOWN' | 'SCOPE_NOT_ALLOWED'; readonly value: string };

/** Reads the requested values in order; the first one that means nothing or reaches outside the boundary refuses them all. */
export function selectScope(catalogue: PermissionCatalogue, scope: readonly string[], boundary: PermissionBits): ScopeSelection {
  const values: SelectedValue[] = [];
  const covers = catalogue.empty();
  for (const text of scope.length === 1 ? scope : new Set(scope)) {
    const covered = catalogue.coveredByValue(text);
    if (covered === undefined) return { outcome: 'refused', code: 'SCOPE_UNKNOWN', value: text };
    if (!isWithin(covered, boundary)) return { outcome: 'refused', code: 'SCOPE_NOT_ALLOWED', value: text };
    values.push({ text, covers: covered });
    addAll(covers, covered);
  }
  return { outcome: 'selected', values, covers };
}

/**
 * The granted scope: a value that is granted whole stays as it was sent, so that the caller recognises it; one that is granted
 * in part is spelt out, so that it never claims more than was granted.
 */
export function grantedScope(catalogue: PermissionCatalogue, values: readonly SelectedValue[], granted: PermissionBits): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined)
    return isWithin(only.covers, granted) ? only.text : catalogue.grants.grantOf(granted).scope;
  const spelt = new Set<string>();
  for (const value of values) {
    if (isWithin(value.covers, granted)) spelt.add(value.text);
    else for (const name of commonNames(catalogue, value.covers, granted)) spelt.add(name);
  }
  return [...spelt].join(' ');
}

function commonNames(catalogue: PermissionCatalogue, left: PermissionBits, right: PermissionBits): readonly string[] {
  const common = left.slice();
  keepOnly(common, right);
  return catalogue.grants.grantOf(common).permissions;
}
