import type { ResourceSelector } from '#accessors/policy/contract.js';
import type { Circumstances } from './circumstances.js';
import { prefixOf } from './resource-selection.js';
import type { Requirements } from './way.js';

/** What is left to decide, as CEL, and what it reads. */
export interface Residual {
  readonly text: string;
  /** Sorted, each once. */
  readonly missing: readonly string[];
}

/** What is left of requirements of which none is known to be false, and of which something is not known. */
export function residualOf({ units, selectors, conditions }: Requirements, circumstances: Circumstances): Residual {
  const parts: Residual[] = [];
  for (const unit of units) if (circumstances.ofUnit(unit) === 'unknown') parts.push(unitResidual(unit));
  for (const selector of selectors) {
    if (circumstances.ofSelector(selector) === 'unknown') parts.push(...selectorResidual(selector, circumstances));
  }
  for (const condition of conditions) {
    const result = circumstances.result(condition);
    if (result.outcome === 'unknown') parts.push({ text: result.residual, missing: result.missing });
  }
  return allOf(parts);
}

export function allOf(parts: readonly Residual[]): Residual {
  return joined(parts, ' && ', /\|\||\?/);
}

export function anyOf(parts: readonly Residual[]): Residual {
  return joined(parts, ' || ', /\?/);
}

export function notOf({ text, missing }: Residual): Residual {
  return { text: `!(${text})`, missing };
}

/** Whether it depends on nothing but the resource. */
export function isAboutResource(missing: readonly string[]): boolean {
  return missing.every((path) => path.startsWith('resource.'));
}

function unitResidual(unit: string): Residual {
  const below = JSON.stringify(`${unit}.`);
  return {
    text: `resource.unit == ${JSON.stringify(unit)} || resource.unit.startsWith(${below})`,
    missing: ['resource.unit'],
  };
}

function selectorResidual({ type, ids, path }: ResourceSelector, { asked }: Circumstances): readonly Residual[] {
  const { resource } = asked;
  const parts: Residual[] = [];
  if (resource === null) parts.push({ text: `resource.type == ${JSON.stringify(type)}`, missing: ['resource.type'] });
  if (ids !== null && (resource?.id ?? null) === null) parts.push({ text: idsText(ids), missing: ['resource.id'] });
  if (path !== null && (resource?.path ?? null) === null) parts.push({ text: pathText(path), missing: ['resource.path'] });
  return parts;
}

function idsText(ids: readonly string[]): string {
  const [only] = ids;
  return ids.length === 1 ? `resource.id == ${JSON.stringify(only)}` : `resource.id in ${JSON.stringify([...ids].sort())}`;
}

function pathText(path: string): string {
  const prefix = prefixOf(path);
  return prefix === null ? `resource.path == ${JSON.stringify(path)}` : `resource.path.startsWith(${JSON.stringify(prefix)})`;
}

/** In one fixed order, each once, so that the order of rules does not show. `loose`: what would bind less tightly than it should. */
function joined(parts: readonly Residual[], operator: string, loose: RegExp): Residual {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return { text: first.text, missing: sorted(first.missing) };
  const texts = sorted(parts.map(({ text }) => text));
  const text = texts.length === 1 ? texts.join() : texts.map((part) => (loose.test(part) ? `(${part})` : part)).join(operator);
  return { text, missing: sorted(parts.flatMap(({ missing }) => missing)) };
}

function sorted(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)].sort();
}
