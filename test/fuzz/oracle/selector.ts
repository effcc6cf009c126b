import type { JsonObject, JsonValue } from './json-reader.js';
import type { Selector } from './world.js';

/** The claim that the selector means; `undefined`: not there. */
export function claimAt(claims: JsonObject, selector: Selector): JsonValue | undefined {
  const [first, ...path] = typeof selector === 'string' ? [selector] : selector;
  let value: JsonValue | undefined = claims.get(first);
  for (const name of path) value = value instanceof Map ? (value as JsonObject).get(name) : undefined;
  return value;
}
