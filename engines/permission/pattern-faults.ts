import type { PolicyFault } from './contract.js';
import { matchesSegments, parsePattern } from './permission-pattern.js';

/** All faults of one list of patterns; `catalogue: null` checks their form alone. */
export function patternFaults(patterns: readonly string[], catalogue: readonly string[] | null): readonly PolicyFault[] {
  const split = catalogue === null ? null : catalogue.map((name) => name.split(':'));
  return patterns.flatMap((text, position) => {
    const message = patternFault(text, split);
    return message === null ? [] : [{ path: `[${position}]`, message }];
  });
}

function patternFault(text: string, catalogue: readonly (readonly string[])[] | null): string | null {
  const parsed = parsePattern(text);
  if (!parsed.ok) return `not a permission name or pattern: ${parsed.fault}`;
  if (catalogue === null || catalogue.some((segments) => matchesSegments(parsed.pattern, segments))) return null;
  return `${text} matches no permission of the registered applications`;
}
