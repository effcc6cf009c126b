/** Which resources a unit and a path mean. */
export type Outcome = 'true' | 'false' | 'unknown' | 'error';

const BELOW = '/**';
const DOTS = /(?:^|\/)\.\.?(?:\/|$)/;

/** `org.emea` holds `org.emea` and `org.emea.ch`, not `org.emeax`. */
export function unitHolds(outer: string, inner: string): boolean {
  return inner.startsWith(outer) && (inner.length === outer.length || inner[outer.length] === '.');
}

/** The beginning of all paths below, where the selector means all paths below; otherwise `null`. */
export function prefixOf(selector: string): string | null {
  return selector.endsWith(BELOW) ? selector.slice(0, -BELOW.length + 1) : null;
}

/**
 * `/emea/**` holds everything below `/emea`. SECURITY: a path with `..` or the like means another place than it seems to, so that it
 * can be held against nothing.
 */
export function pathOutcome(selector: string, path: string | null): Outcome {
  if (path === null) return 'unknown';
  if (DOTS.test(path)) return 'error';
  const prefix = prefixOf(selector);
  return (prefix === null ? path === selector : path.startsWith(prefix)) ? 'true' : 'false';
}
