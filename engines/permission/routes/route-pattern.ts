import type { GatewayRoute } from '#accessors/policy/contract.js';
import { readRequest } from './request-path.js';

export type RouteSegment = { readonly literal: string } | { readonly placeholder: string };

/** A route as it is matched. */
export interface RoutePattern {
  readonly route: GatewayRoute;
  readonly method: string;
  readonly segments: readonly RouteSegment[];
  /** Whether one or more segments follow that may be anything. */
  readonly isOpen: boolean;
}

const PLACEHOLDER = /^\{([A-Za-z_][A-Za-z0-9_]{0,63})\}$/;

/** The pattern of a route, or what is wrong with it. */
export function parseRoute(route: GatewayRoute): RoutePattern | { readonly fault: string } {
  const space = route.match.indexOf(' ');
  const method = route.match.slice(0, Math.max(0, space));
  const path = route.match.slice(space + 1);
  if (!path.startsWith('/')) return { fault: 'expected a method and a path, such as POST /v1/invoices/{id}/approve' };
  const isOpen = path.endsWith('/**');
  const segments = (isOpen ? path.slice(0, -3) : path).split('/').slice(1).map(segmentOf);
  // Placeholders stand for something that every path may have: what is left has to be a path as requests are read.
  const asRequested = `/${segments.map((segment) => ('literal' in segment ? segment.literal : 'x')).join('/')}`;
  const reading = readRequest(method, isOpen ? `${asRequested === '/' ? '' : asRequested}/x` : asRequested);
  if (!reading.ok) return { fault: `no request is read so: ${reading.because}` };
  const read = isOpen ? reading.path.segments.slice(0, -1) : reading.path.segments;
  const isOther = segments.some((segment, at) => 'literal' in segment && segment.literal !== read[at]);
  if (isOther) return { fault: 'expected characters that need no encoding as they are, and others encoded in upper case' };
  const stars = segments.some((segment) => 'literal' in segment && segment.literal.includes('*'));
  if (stars) return { fault: 'expected ** as the last segment alone' };
  const names = namesIn(segments);
  if (new Set(names).size !== names.length) return { fault: 'expected each placeholder once' };
  return { route, method, segments, isOpen };
}

export function namesIn(segments: readonly RouteSegment[]): readonly string[] {
  return segments.flatMap((segment) => ('placeholder' in segment ? [segment.placeholder] : []));
}

/** The placeholder that an id is taken from; `undefined`: the id is the text itself. */
export function placeholderIn(id: string): string | undefined {
  return PLACEHOLDER.exec(id)?.[1];
}

function segmentOf(text: string): RouteSegment {
  const placeholder = placeholderIn(text);
  return placeholder === undefined ? { literal: text } : { placeholder };
}
