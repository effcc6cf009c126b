/**
 * Hides how a request at a gateway is read, and which permission the routes of a policy ask of it. Called by Managers. Pure.
 */
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { CheckedResource } from './contract.js';

/** A request line that has one meaning. Only this engine makes one. */
export interface RequestedPath {
  readonly method: string;
  /** Segments of the path as they are compared: what need not be encoded is not. A last one that is empty: the path ends in a slash. */
  readonly segments: readonly string[];
}

export type RequestReading =
  | { readonly ok: true; readonly path: RequestedPath }
  /** `because`: for the log and for whoever tries it out; it quotes nothing of the request. */
  | { readonly ok: false; readonly because: string };

/** What the route asks about. */
export interface RoutedQuestion {
  /** As the policy has it. */
  readonly match: string;
  readonly permission: string;
  readonly resource: CheckedResource | null;
}

export interface GatewayRoutes {
  /**
   * Reads a method and a target (path and query) as they were received. Nothing is repaired: what two programs could take for different
   * paths is refused. The query is not looked at, but for characters that no request line has.
   */
  read(method: string, target: string): RequestReading;

  /**
   * What the one route asks about that fits best: a literal segment before a placeholder, a placeholder before `**`. `undefined`:
   * none fits, or the path is one that some would take for a literal one; to be denied.
   */
  questionOf(policy: PolicyVersion, application: Application, path: RequestedPath): RoutedQuestion | undefined;
}

export const GATEWAY_ROUTES: unique symbol = Symbol('GatewayRoutes');
