/**
 * Permission names and patterns. A name is 2 to 6 segments of `[a-z0-9_-]` joined by `:`, at most 128 bytes. In a pattern `*` is
 * exactly one segment and `**` one or more, the latter only as the first or last segment.
 */
const MAX_LENGTH = 128;
const MAX_SEGMENTS = 6;
const SEGMENT = /^[a-z0-9_-]+$/;
const ONE = '*';
const MANY = '**';

export interface PermissionPattern {
  /** The segments between the open ends; `*` stands for any one segment. */
  readonly fixed: readonly string[];
  /** One or more segments come before. */
  readonly openStart: boolean;
  /** One or more segments follow. */
  readonly openEnd: boolean;
}

export type ParsedPattern =
  { readonly ok: true; readonly pattern: PermissionPattern } | { readonly ok: false; readonly fault: string };

export function isPermissionName(text: string): boolean {
  const segments = splitBounded(text);
  return segments !== null && segments.length >= 2 && segments.every((segment) => SEGMENT.test(segment));
}

export function parsePattern(text: string): ParsedPattern {
  const segments = splitBounded(text);
  if (segments === null) return refuse(`longer than ${MAX_LENGTH} bytes or ${MAX_SEGMENTS} segments`);
  if (segments.length === 1 && segments[0] !== MANY) return refuse('a permission has at least two segments, app:resource:verb');
  const last = segments.length - 1;
  for (const [position, segment] of segments.entries()) {
    const fault = segmentFault(segment, position, position === 0 || position === last);
    if (fault !== null) return refuse(fault);
  }
  const openStart = segments[0] === MANY;
  const openEnd = last > 0 && segments[last] === MANY;
  return { ok: true, pattern: { fixed: segments.slice(openStart ? 1 : 0, openEnd ? last : undefined), openStart, openEnd } };
}

/** Whether the pattern covers a name, given as its segments. */
export function matchesSegments(pattern: PermissionPattern, segments: readonly string[]): boolean {
  const { fixed, openStart, openEnd } = pattern;
  const spare = segments.length - fixed.length;
  if (!openStart && !openEnd) return spare === 0 && matchesAt(fixed, segments, 0);
  if (!openStart) return spare >= 1 && matchesAt(fixed, segments, 0);
  if (!openEnd) return spare >= 1 && matchesAt(fixed, segments, spare);
  for (let offset = 1; offset < spare; offset++) {
    if (matchesAt(fixed, segments, offset)) return true;
  }
  return false;
}

function segmentFault(segment: string, position: number, outermost: boolean): string | null {
  if (segment === MANY) return outermost ? null : '** may only be the first or last segment';
  if (segment === ONE || SEGMENT.test(segment)) return null;
  return `segment ${position + 1} must be *, ** or lower-case letters, digits, - and _`;
}

function matchesAt(fixed: readonly string[], segments: readonly string[], offset: number): boolean {
  return fixed.every((wanted, position) => wanted === ONE || wanted === segments[offset + position]);
}

/** Valid texts are ASCII, so their length is their size in bytes; anything longer is not even split. */
function splitBounded(text: string): readonly string[] | null {
  if (text.length > MAX_LENGTH) return null;
  const segments = text.split(':', MAX_SEGMENTS + 1);
  return segments.length > MAX_SEGMENTS ? null : segments;
}

function refuse(fault: string): ParsedPattern {
  return { ok: false, fault };
}
