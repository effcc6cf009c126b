import type { ClaimMapping, RoleDefinition } from '#accessors/policy/contract.js';
import { PolicyCompiler, type CompiledPolicy } from './compiled-policy.js';
import type { PermissionDecision, PermissionEngine, PermissionRequest, PolicyFault } from './contract.js';
import { countBits, isEmpty, keepOnly } from './permission-set.js';
import { patternFaults, policyFaults } from './policy-faults.js';
import { grantedScope, selectScope } from './scope-selection.js';

type Refused = Extract<PermissionDecision, { effect: 'refused' }>;

const MAX_ACTUAL = 128;
const MAX_ROLES_NAMED = 20;

export class DefaultPermissionEngine implements PermissionEngine {
  private readonly compiler = new PolicyCompiler();

  effectivePermissions(request: PermissionRequest): PermissionDecision {
    const compiled = this.compiler.compiled(request.policy, request.application);
    const standing = refusedByStanding(request, compiled);
    if (standing !== null) return standing;

    const { catalogue } = compiled;
    const boundary = catalogue.coveredBy(request.boundary);
    const result = compiled.heldBy(request.facts.roles, request.claims);
    keepOnly(result, boundary);
    if (request.ceiling !== null) keepOnly(result, catalogue.coveredBy(request.ceiling));
    if (request.scope === null) {
      return isEmpty(result) && !request.application.allowsEmptyPermissions
        ? nothingLeft(request, compiled)
        : catalogue.grants.grantOf(result);
    }

    const selection = selectScope(catalogue, request.scope, boundary);
    if (selection.outcome === 'refused') {
      const actual = selection.value.slice(0, MAX_ACTUAL);
      return { ...refused(selection.code, explain(request, compiled)), actual };
    }
    keepOnly(result, selection.covers);
    if (isEmpty(result) && !request.application.allowsEmptyPermissions) return nothingLeft(request, compiled);
    const { permissions } = catalogue.grants.grantOf(result);
    return { effect: 'granted', permissions, scope: grantedScope(catalogue, selection.values, result) };
  }

  validatePolicy(
    document: { readonly roles: readonly RoleDefinition[]; readonly mappings: readonly ClaimMapping[] },
    catalogue: readonly string[],
  ): readonly PolicyFault[] {
    return policyFaults(document, catalogue);
  }

  validatePatterns(patterns: readonly string[], catalogue: readonly string[] | null): readonly PolicyFault[] {
    return patternFaults('', patterns, catalogue);
  }
}

function refusedByStanding({ facts, claims }: PermissionRequest, compiled: CompiledPolicy): Refused | null {
  if (facts.tenantStatus !== 'active') return refused('TENANT_SUSPENDED', `tenant ${facts.tenantId} is ${facts.tenantStatus}`);
  if (facts.subject !== null && facts.subject.status !== 'active') {
    return refused('SUBJECT_DISABLED', `subject ${facts.subject.id} is ${facts.subject.status}`);
  }
  if (claims.groups === null && compiled.mappings.usesGroupsOf(claims.issuer)) {
    return refused(
      'GROUPS_OVERAGE_UNRESOLVED',
      `the policy maps groups of issuer ${claims.issuer} to roles, and the groups are unknown`,
    );
  }
  return null;
}

function nothingLeft(request: PermissionRequest, compiled: CompiledPolicy): Refused {
  return refused(request.scope === null ? 'PERMISSION_NONE' : 'SCOPE_NOT_HELD', explain(request, compiled));
}

function refused(code: Refused['code'], because: string): Refused {
  return { effect: 'refused', code, because };
}

/** For operators: which of the intersected sets is the narrow one. Built for refusals alone. */
function explain(request: PermissionRequest, compiled: CompiledPolicy): string {
  const { catalogue } = compiled;
  const assigned = nameRoles(request.facts.roles, compiled);
  const mapped: string[] = [];
  compiled.mappings.eachRole(request.claims, (role) => mapped.push(role));
  const ceiling = request.ceiling === null ? 'none' : String(countBits(catalogue.coveredBy(request.ceiling)));
  return [
    `assigned roles: ${assigned}`,
    `mapped roles: ${nameRoles(mapped, compiled)}`,
    `of ${catalogue.names.length} permissions held: ${countBits(compiled.heldBy(request.facts.roles, request.claims))}`,
    `within the boundary: ${countBits(catalogue.coveredBy(request.boundary))}`,
    `delegation ceiling: ${ceiling}`,
  ].join('; ');
}

function nameRoles(roles: Iterable<string>, compiled: CompiledPolicy): string {
  const sorted = [...new Set(roles)].sort();
  if (sorted.length === 0) return 'none';
  const named = sorted
    .slice(0, MAX_ROLES_NAMED)
    .map((role) => (compiled.bitsOf(role) === undefined ? `${role} (not in the policy)` : role));
  const rest = sorted.length - named.length;
  return rest > 0 ? `${named.join(', ')} and ${rest} more` : named.join(', ');
}
