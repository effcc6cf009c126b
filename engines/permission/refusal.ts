import { Circumstances } from './circumstances.js';
import type { PermissionDecision, PermissionRequest } from './contract.js';
import { countBits } from './permission-set.js';
import type { Snapshot } from './policy-compiler.js';
import type { SubjectPlan } from './subject-plan.js';

export type Refused = Extract<PermissionDecision, { effect: 'refused' }>;

const MAX_ROLES_NAMED = 20;

export function refused(code: Refused['code'], because: string): Refused {
  return { effect: 'refused', code, because };
}

/** For operators: which of the sets is the narrow one. Built for refusals alone. */
export function becauseOf(request: PermissionRequest, plan: SubjectPlan, sets: Snapshot['sets']): string {
  const { compiled, found } = plan;
  const { catalogue, index } = compiled;
  const mapped = index.mappings.metBy(request.claims).flatMap((position) => request.policy.mappings[position]?.role ?? []);
  const circumstances = new Circumstances(plan, { question: request, resource: null, unit: request.unit }, request.now);
  const held = sets.heldIn(circumstances);
  const { ceiling, ceilings = [], facts } = request;
  const above = ceiling === null ? ceilings : [ceiling, ...ceilings];
  const limits = [
    `within the boundary: ${countBits(catalogue.coveredBy(request.boundary))}`,
    `delegation ceiling: ${above.length === 0 ? 'none' : above.map((each) => countBits(catalogue.coveredBy(each))).join(', ')}`,
    ...(facts.tenantBoundary === null ? [] : [`tenant boundary: ${countBits(catalogue.coveredBy(facts.tenantBoundary))}`]),
  ];
  return [
    `assigned roles: ${nameRoles(
      plan,
      request.facts.assignments.map(({ role }) => role),
    )}`,
    `mapped roles: ${nameRoles(plan, mapped)}`,
    ...(found.isTooMany ? ['bindings of roles to roles multiply to more than can be followed'] : []),
    `of ${catalogue.names.length} permissions held: ${countBits(held)}`,
    ...limits,
  ].join('; ');
}

function nameRoles({ compiled }: SubjectPlan, roles: Iterable<string>): string {
  const sorted = [...new Set(roles)].sort();
  if (sorted.length === 0) return 'none';
  const named = sorted
    .slice(0, MAX_ROLES_NAMED)
    .map((role) => (compiled.index.roleNamed(role) === null ? `${role} (not in the policy)` : role));
  const rest = sorted.length - named.length;
  return rest > 0 ? `${named.join(', ')} and ${rest} more` : named.join(', ');
}
