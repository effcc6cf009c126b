import type { FactValue } from '../contract.js';

/** What a condition may be made to walk through. */
const MOST = { depth: 8, members: 256, text: 4_096, characters: 16_384 };

export interface SourceAnswer {
  readonly values: ReadonlyMap<string, FactValue>;
  /** Characters of all values. */
  readonly size: number;
}

/**
 * The values of the paths that were asked for, as far as they are fit for use, copied so that nobody can change them afterwards.
 *
 * @throws Error if the answer as a whole is none
 */
export function fitAnswer(answer: unknown, paths: readonly string[]): SourceAnswer {
  if (!(answer instanceof Map)) throw new Error('the answer is not a Map');
  const values = new Map<string, FactValue>();
  let size = 0;
  for (const path of paths) {
    const value: unknown = answer.get(path);
    if (!answer.has(path) || !isFit(value, 0)) continue;
    const text = JSON.stringify(value);
    size += path.length + text.length;
    if (size > MOST.characters) throw new Error('the answer is too large');
    values.set(path, frozen(JSON.parse(text) as FactValue));
  }
  return { values, size };
}

function isFit(value: unknown, depth: number): value is FactValue {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.length <= MOST.text;
  if (typeof value !== 'object' || depth >= MOST.depth) return false;
  if (!Array.isArray(value) && !isRecord(value)) return false;
  const members = Object.entries(value);
  return members.length <= MOST.members && members.every(([name, member]) => isFitName(name) && isFit(member, depth + 1));
}

/** A date or another object would become something else as JSON. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('toJSON' in value);
}

function isFitName(name: string): boolean {
  return name !== '__proto__' && name.length <= MOST.text;
}

function frozen<Value extends FactValue>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value) as FactValue[]) frozen(member);
    Object.freeze(value);
  }
  return value;
}
