import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { GatewayRoutes, RequestedPath, RequestReading, RoutedQuestion } from '../gateway-routes.contract.js';
import { readRequest } from './request-path.js';
import { parseRoute } from './route-pattern.js';
import { isUnknownPlaceholder, RouteTree } from './route-tree.js';

/** Routes are prepared once for each policy and application, and kept as long as both are. */
export class DefaultGatewayRoutes implements GatewayRoutes {
  private readonly trees = new WeakMap<PolicyVersion, WeakMap<Application, RouteTree>>();

  read(method: string, target: string): RequestReading {
    return readRequest(method, target);
  }

  questionOf(policy: PolicyVersion, application: Application, path: RequestedPath): RoutedQuestion | undefined {
    return this.treeOf(policy, application).questionOf(path);
  }

  private treeOf(policy: PolicyVersion, application: Application): RouteTree {
    let trees = this.trees.get(policy);
    if (trees === undefined) this.trees.set(policy, (trees = new WeakMap<Application, RouteTree>()));
    let tree = trees.get(application);
    if (tree === undefined) trees.set(application, (tree = treeFor(policy, application)));
    return tree;
  }
}

/** SECURITY: what nobody can read was never linted, and fits nothing. */
function treeFor({ routes }: PolicyVersion, { audience, prefix }: Application): RouteTree {
  const patterns = routes
    .filter(({ application }) => application === audience || application === prefix)
    .flatMap((route) => {
      const pattern = parseRoute(route);
      return 'fault' in pattern || isUnknownPlaceholder(pattern) ? [] : [pattern];
    });
  return new RouteTree(patterns);
}
