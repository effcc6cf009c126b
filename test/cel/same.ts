import { printDuration, printTimestamp } from '#engines/permission/cel/moments.js';
import {
  CelDuration,
  CelMap,
  CelTimestamp,
  CelType,
  CelUint,
  type CelValue,
  Failure,
  isList,
  isStop,
  type Outcome,
} from '#engines/permission/cel/values.js';

/** The same value of the same type: 1, 1u and 1.0 are three, and NaN is itself. */
export function isSame(a: Outcome, b: Outcome): boolean {
  if (isStop(a) || isStop(b)) return isStop(a) && isStop(b);
  if (isList(a)) return isList(b) && a.length === b.length && a.every((element, index) => isSame(element, b[index] as CelValue));
  if (a instanceof CelMap) return b instanceof CelMap && isSameMap(a, b);
  return isSamePlain(a, b);
}

function isSamePlain(a: CelValue, b: CelValue): boolean {
  if (a === 0 && b === 0) return true;
  return typeof a === 'object' && a !== null ? show(a) === show(b) : Object.is(a, b);
}

function isSameMap(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  for (const { key, value } of a.pairs()) {
    const other = b.get(key);
    if (other === undefined || !isSame(value, other) || !b.keys().some((one) => isSame(one, key))) return false;
  }
  return true;
}

export function show(value: Outcome): string {
  if (isStop(value)) return value instanceof Failure ? `error(${value.message})` : 'unknown';
  if (isList(value)) return `[${value.map(show).join(', ')}]`;
  if (value instanceof CelMap)
    return `{${[...value.pairs()].map((pair) => `${show(pair.key)}: ${show(pair.value)}`).join(', ')}}`;
  if (typeof value === 'object') return showObject(value);
  return typeof value === 'string' ? JSON.stringify(value) : `${value}${typeof value === 'number' ? ' (double)' : ''}`;
}

function showObject(value: CelValue & (object | null)): string {
  if (value instanceof CelUint) return `${value.value}u`;
  if (value instanceof CelTimestamp) return printTimestamp(value);
  if (value instanceof CelDuration) return `${printDuration(value)} long`;
  if (value instanceof CelType) return `type ${value.name}`;
  return value instanceof Uint8Array ? `b${JSON.stringify([...value])}` : 'null';
}
