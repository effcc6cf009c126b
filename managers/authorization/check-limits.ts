import type { AttributeValue } from '#accessors/policy/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { CheckRequest } from './contract.js';

/** What one question may bring with it; it bounds what a condition over it can cost. */
const MOST = { items: 100, text: 4_096, entries: 256, depth: 8, characters: 16_384 };

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function checkLimits(request: CheckRequest): void {
  const { items } = request;
  if (items.length < 1 || items.length > MOST.items) throw invalid('items', `1 to ${String(MOST.items)} items`);
  checkValues('context', request.context);
  items.forEach(({ resource }, at) => {
    if (resource !== null) checkValues(`items[${String(at)}].resource`, resource.attributes);
  });
}

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function checkValues(field: string, values: Readonly<Record<string, AttributeValue>>): void {
  const size = { left: MOST.characters };
  checkValue({ field, size }, values, 1);
}

interface Place {
  readonly field: string;
  /** Characters that all texts together may still have. */
  readonly size: { left: number };
}

function checkValue(place: Place, value: AttributeValue, depth: number): void {
  if (typeof value === 'string') {
    take(place, value.length);
    if (value.length > MOST.text) throw invalid(place.field, `texts of at most ${String(MOST.text)} characters`);
    return;
  }
  take(place, 4);
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(place.field, 'finite numbers');
  if (typeof value === 'object' && value !== null) checkMembers(place, value, depth);
}

function checkMembers(place: Place, value: object, depth: number): void {
  if (depth > MOST.depth) throw invalid(place.field, `values nested at most ${String(MOST.depth)} deep`);
  // SECURITY: only what is written down counts; an object that inherits was made by somebody's `__proto__`.
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) throw invalid(place.field, 'plain objects');
  const entries = Object.entries(value as Readonly<Record<string, AttributeValue>>);
  if (entries.length > MOST.entries)
    throw invalid(place.field, `at most ${String(MOST.entries)} entries in each list and object`);
  for (const [name, member] of entries) {
    // SECURITY: nothing copies these today; a copy that is made later must not turn a member into a prototype.
    if (name === '__proto__') throw invalid(place.field, 'no member __proto__');
    take(place, name.length);
    checkValue(place, member, depth + 1);
  }
}

function take({ field, size }: Place, characters: number): void {
  size.left -= characters;
  if (size.left < 0) throw invalid(field, `at most ${String(MOST.characters)} characters as JSON`);
}

function invalid(field: string, expected: string): CodedError {
  return new CodedError('REQUEST_PARAMETER_INVALID', { field, expected });
}
