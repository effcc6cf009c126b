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

/** One of several ways in which something may come true. */
export interface Alternative extends Residual {
  /** Everything that is left to decide of it, each once, by a text that says the same wherever it is said. */
  readonly asks: readonly string[];
}

/** What is left of requirements of which none is known to be false, and of which something is not known: the place, then the rest. */
export function residualOf({ units, selectors, conditions }: Requirements, circumstances: Circumstances): Alternative {
  const places: Residual[] = [];
  for (const selector of selectors) {
    if (circumstances.ofSelector(selector) === 'unknown') places.push(...selectorResidual(selector, circumstances));
  }
  for (const unit of units) if (circumstances.ofUnit(unit) === 'unknown') places.push(unitResidual(unit));
  const asks = new Set(places.map(({ text }) => text));
  const rest: Residual[] = [];
  for (const condition of conditions) {
    const result = circumstances.result(condition);
    if (result.outcome !== 'unknown') continue;
    rest.push({ text: result.residual, missing: result.missing });
    asks.add(condition.statement);
  }
  return { ...joined([...places, ...inOrder(rest)], AND), asks: [...asks] };
}

/** Without those that ask for all that another one asks for, and for more: nobody needs to know of them. */
export function leastAsking<One extends Alternative>(alternatives: readonly One[]): readonly One[] {
  if (alternatives.length < 2) return alternatives;
  return alternatives.filter((one) => !alternatives.some((other) => asksForLess(other, one)));
}

function asksForLess(one: Alternative, other: Alternative): boolean {
  return one.asks.length < other.asks.length && one.asks.every((each) => other.asks.includes(each));
}

/** The order in which rules stand does not show. */
export function allOf(parts: readonly Residual[]): Residual {
  return joined(inOrder(parts), AND);
}

export function anyOf(alternatives: readonly Alternative[]): Residual {
  return joined(inOrder(leastAsking(alternatives)), OR);
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

/** `loose`: what a part must not hold unless it stands in brackets. */
interface Operator {
  readonly text: string;
  readonly loose: RegExp;
}

const AND: Operator = { text: ' && ', loose: /\|\||\?/ };
const OR: Operator = { text: ' || ', loose: /\?/ };

function inOrder(parts: readonly Residual[]): readonly Residual[] {
  return parts.length < 2 ? parts : [...parts].sort((left, right) => (left.text < right.text ? -1 : 1));
}

function joined(parts: readonly Residual[], { text: operator, loose }: Operator): Residual {
  const texts = [...new Set(parts.map(({ text }) => text))];
  const text = texts.length === 1 ? texts.join() : texts.map((part) => (loose.test(part) ? `(${part})` : part)).join(operator);
  return { text, missing: [...new Set(parts.flatMap(({ missing }) => missing))].sort() };
}
