import type { GatewayRoute, PolicyContent } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PolicyFault } from '../contract.js';
import { ambiguityOf, shapeOf } from '../routes/route-overlap.js';
import { parseRoute, type RoutePattern } from '../routes/route-pattern.js';
import { isUnknownPlaceholder } from '../routes/route-tree.js';
import { positionOf } from './canonical.js';
import { suggestion } from './suggestion.js';

interface Placed {
  readonly at: string;
  readonly pattern: RoutePattern;
}

/** What is wrong with routes: each by itself, and those that nobody could choose between. */
export function routeFaults({ routes }: PolicyContent, applications: readonly Application[]): readonly PolicyFault[] {
  const groups = new Map<string, Placed[]>();
  const faults = routes.flatMap((route, index) => {
    const at = `routes[${positionOf(routes, index)}]`;
    const application = applications.find(({ audience, prefix }) => [audience, prefix].includes(route.application));
    const pattern = parseRoute(route);
    if ('fault' in pattern) return [{ path: `${at}.match`, message: pattern.fault }, ...targetFaults(at, route, application)];
    const group = `${application?.audience ?? route.application} ${pattern.method}`;
    const placed = groups.get(group);
    if (placed === undefined) groups.set(group, [{ at, pattern }]);
    else placed.push({ at, pattern });
    return [...placeholderFault(at, pattern), ...targetFaults(at, route, application)];
  });
  return [...faults, ...[...groups.values()].flatMap(overlaps)];
}

function targetFaults(at: string, route: GatewayRoute, application: Application | undefined): readonly PolicyFault[] {
  if (application === undefined) {
    return [{ path: `${at}.application`, message: `there is no application with the audience or prefix ${route.application}` }];
  }
  const names = application.permissions.map(({ name }) => name);
  if (names.includes(route.permission)) return [];
  const near = suggestion(route.permission, names);
  const message = `${application.audience} has no permission ${route.permission}${near === undefined ? '' : `; ${near}`}`;
  return [{ path: `${at}.permission`, message }];
}

function placeholderFault(at: string, pattern: RoutePattern): readonly PolicyFault[] {
  if (!isUnknownPlaceholder(pattern)) return [];
  return [{ path: `${at}.resource.id`, message: `there is no ${pattern.route.resource?.id ?? ''} in ${pattern.route.match}` }];
}

/**
 * SECURITY: which of two routes counts must be plain from what they say, never from their order, and be the same to whoever wrote the
 * application: where neither contains the other, what both fit needs a route of its own.
 */
function overlaps(placed: readonly Placed[]): readonly PolicyFault[] {
  const shapes = new Set(placed.map(({ pattern }) => shapeOf(pattern)));
  return placed.flatMap(({ at, pattern }, index) =>
    placed.slice(0, index).flatMap((earlier): readonly PolicyFault[] => {
      const both = ambiguityOf(earlier.pattern, pattern);
      if (both === undefined) return [];
      const isSame = shapeOf(earlier.pattern) === shapeOf(pattern);
      if (isSame) return [{ path: `${at}.match`, message: `the same paths fit ${earlier.at}` }];
      if (shapes.has(both)) return [];
      const message = `some paths fit ${earlier.at} too, and neither contains the other: say in a route of its own what ${pattern.method} ${both} needs`;
      return [{ path: `${at}.match`, message }];
    }),
  );
}
