import type { Settings } from '#utilities/config/contract.js';
import { ACCESS_PATHS } from '../routes.js';

/**
 * AuthZEN 1.0 §9: from the settings alone. SECURITY: never from the `Host` of a request, which would send whoever keeps the answer to
 * a service that somebody else chose.
 */
export function authzenMetadata({ issuer, authzen }: Pick<Settings, 'issuer' | 'authzen'>): Readonly<Record<string, string>> {
  const searches = authzen.searches.map((kind) => [`search_${kind}_endpoint`, issuer + ACCESS_PATHS[kind]] as const);
  return {
    policy_decision_point: issuer,
    access_evaluation_endpoint: issuer + ACCESS_PATHS.evaluation,
    access_evaluations_endpoint: issuer + ACCESS_PATHS.evaluations,
    ...Object.fromEntries(searches),
  };
}
