/** Permission names and patterns, segment by segment. */
const WORD = /^[a-z0-9_-]+$/;

/** `undefined`: it is no pattern. */
function segmentsOf(pattern: string): readonly string[] | undefined {
  const segments = pattern.split(':');
  const last = segments.length - 1;
  const fits = segments.every(
    (segment, at) => WORD.test(segment) || segment === '*' || (segment === '**' && (at === 0 || at === last)),
  );
  if (!fits || segments.length > 6 || pattern.length > 128) return undefined;
  return segments.length === 1 && pattern !== '**' ? undefined : segments;
}

export function isPattern(pattern: string): boolean {
  return segmentsOf(pattern) !== undefined;
}

const known = new Map<string, Map<string, boolean>>();

/** Kept, since the same few are compared again and again. */
function covers(pattern: string, name: string): boolean {
  const ofPattern = known.get(pattern) ?? new Map<string, boolean>();
  if (ofPattern.size === 0) known.set(pattern, ofPattern);
  const before = ofPattern.get(name);
  if (before !== undefined) return before;
  const segments = segmentsOf(pattern);
  const now = segments !== undefined && fits(segments, name.split(':'));
  ofPattern.set(name, now);
  return now;
}

export function coveredBy(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => covers(pattern, name));
}

function fits(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (name.length === 0) return false;
  if (first !== '**') return (first === '*' || first === name[0]) && fits(rest, name.slice(1));
  return name.some((_, taken) => fits(rest, name.slice(taken + 1)));
}

/** `org.emea` holds `org.emea` and `org.emea.ch`, not `org.emeax`. */
export function unitHolds(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(`${outer}.`);
}

/** `/emea/**` holds everything below `/emea`; without the stars it is exactly that path. */
export function pathHolds(selector: string, path: string): boolean {
  return selector.endsWith('/**') ? path.startsWith(selector.slice(0, -2)) : path === selector;
}
