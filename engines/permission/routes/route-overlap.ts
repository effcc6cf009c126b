import type { RoutePattern } from './route-pattern.js';

type Shape = Pick<RoutePattern, 'segments' | 'isOpen'>;

/**
 * What both fit, as a path with `*` for what may be anything; `undefined`: no path fits both, or one of them contains the other, so that
 * it is plain which of them counts.
 */
export function ambiguityOf(one: Shape, other: Shape): string | undefined {
  if (!overlap(one, other)) return undefined;
  const [both, shapes] = [shapeOf(intersection(one, other)), [shapeOf(one), shapeOf(other)]];
  const [first, second] = shapes;
  return first !== second && shapes.includes(both) ? undefined : both;
}

/** Equal where the same paths fit. */
export function shapeOf({ segments, isOpen }: Shape): string {
  const texts = segments.map((segment) => ('literal' in segment ? segment.literal : '*'));
  return `/${[...texts, ...(isOpen ? ['**'] : [])].join('/')}`;
}

function overlap(one: Shape, other: Shape): boolean {
  const shared = Math.min(one.segments.length, other.segments.length);
  for (let at = 0; at < shared; at += 1) if (!meet(one.segments[at], other.segments[at])) return false;
  return reaches(one, other) && reaches(other, one);
}

/** Whether paths that fit one can be as long as those that fit the other. */
function reaches({ segments: { length }, isOpen }: Shape, other: Shape): boolean {
  const more = other.segments.length - length;
  if (!isOpen) return more <= 0 && (more === 0 || other.isOpen);
  const next = other.segments[length];
  // `**` is one segment at the least, and not an empty one.
  return more <= 0 ? other.isOpen || more < 0 : next === undefined || !('literal' in next) || next.literal !== '';
}

function meet(one: Shape['segments'][number] | undefined, other: Shape['segments'][number] | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  if ('literal' in one && 'literal' in other) return one.literal === other.literal;
  const literal = 'literal' in one ? one.literal : 'literal' in other ? other.literal : undefined;
  return literal !== '';
}

function intersection(one: Shape, other: Shape): Shape {
  const [longer, shorter] = one.segments.length >= other.segments.length ? [one, other] : [other, one];
  const segments = longer.segments.map((segment, at) => {
    const also = shorter.segments[at];
    return also !== undefined && 'literal' in also ? also : segment;
  });
  return { segments, isOpen: one.isOpen && other.isOpen };
}
