import type { RoleAssignment } from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import { PolicyCompiler, type CompiledPolicy } from './compiled-policy.js';
import type { ConditionEvaluator } from './condition-evaluator.contract.js';
import type {
  CheckDecision,
  CheckQuestion,
  DecisionCode,
  Explanation,
  PermissionDecision,
  PermissionEngine,
  PermissionQuestion,
  PermissionRequest,
  PolicyFault,
  TokenClaims,
} from './contract.js';
import { countBits, hasBit, isEmpty, keepOnly, sameBits, type PermissionBits } from './permission-set.js';
import { patternFaults } from './policy-faults.js';
import { grantedScope, selectScope } from './scope-selection.js';

type Refused = Extract<PermissionDecision, { effect: 'refused' }>;

const MAX_ACTUAL = 128;
const MAX_ROLES_NAMED = 20;

export interface PermissionEngineParts {
  readonly conditionEvaluator: ConditionEvaluator;
}

export class DefaultPermissionEngine implements PermissionEngine {
  private readonly compiler = new PolicyCompiler();

  constructor(protected readonly parts: PermissionEngineParts) {}

  effectivePermissions(request: PermissionRequest): PermissionDecision {
    const compiled = this.compiler.compiled(request.policy, request.application);
    const standing = refusedByStanding(request, compiled);
    if (standing !== null) return standing;

    const { catalogue } = compiled;
    const result = held(request, compiled, request.now);
    if (request.scope === null) {
      if (isEmpty(result) && !request.application.allowsEmptyPermissions) return nothingLeft(request, compiled);
      return this.withHorizon(catalogue.grants.grantOf(result), request, compiled);
    }

    const selection = selectScope(catalogue, request.scope, catalogue.coveredBy(request.boundary));
    if (selection.outcome === 'refused') {
      const actual = selection.value.slice(0, MAX_ACTUAL);
      return { ...refused(selection.code, explain(request, compiled)), actual };
    }
    keepOnly(result, selection.covers);
    if (isEmpty(result) && !request.application.allowsEmptyPermissions) return nothingLeft(request, compiled);
    const granted = catalogue.grants.grantOf(result);
    const scope = grantedScope(catalogue, selection.values, result);
    return this.withHorizon(scope === granted.scope ? granted : { ...granted, scope }, request, compiled);
  }

  decide(question: CheckQuestion): CheckDecision {
    const compiled = this.compiler.compiled(question.policy, question.application);
    const { facts, claims } = question;
    if (facts.tenantStatus !== 'active') return decision('tenant_suspended');
    if (facts.subject !== null && facts.subject.status !== 'active') return decision('subject_disabled');
    if (claims.groups === null && compiled.mappings.usesGroupsOf(claims.issuer)) return decision('groups_unknown');
    const position = compiled.catalogue.names.indexOf(question.permission);
    if (position < 0) return decision('permission_unknown');
    if (!hasBit(compiled.heldBy(activeRoles(question, compiled, question.now)), position)) return decision('no_grant');
    return decision(hasBit(held(question, compiled, question.now), position) ? 'granted' : 'boundary');
  }

  explain(question: CheckQuestion): Explanation {
    return {
      permission: question.permission,
      decision: this.decide(question),
      policyVersion: `${question.policy.set}@${question.policy.sequence}`,
      epoch: question.facts.epoch,
      paths: [],
      blockedBy: [],
      nearMisses: [],
      validUntil: null,
    };
  }

  mappedGroups(policy: PolicyVersion, claims: TokenClaims): readonly string[] {
    return this.compiler.mappingsOf(policy).groupsOf(claims);
  }

  validatePatterns(patterns: readonly string[], catalogue: readonly string[] | null): readonly PolicyFault[] {
    return patternFaults('', patterns, catalogue);
  }

  private withHorizon(
    granted: Extract<PermissionDecision, { effect: 'granted' }>,
    request: PermissionRequest,
    compiled: CompiledPolicy,
  ): PermissionDecision {
    const edges = edgesOf(request).filter((edge) => edge > request.now && edge <= request.until);
    if (edges.length === 0) return granted;
    const narrow = request.scope === null ? null : compiled.catalogue.coveredBy(request.scope);
    const at = (now: number): PermissionBits => {
      const bits = held(request, compiled, now);
      if (narrow !== null) keepOnly(bits, narrow);
      return bits.slice();
    };
    const today = at(request.now);
    const flip = [...new Set(edges)].sort((left, right) => left - right).find((edge) => !sameBits(at(edge), today));
    return flip === undefined ? granted : { ...granted, validUntil: flip };
  }
}

function edgesOf({ facts }: PermissionQuestion): readonly number[] {
  return [...facts.assignments, ...facts.groups].flatMap(({ valid }) =>
    [valid.from, valid.until].filter((edge) => edge !== null),
  );
}

function within(window: TimeWindow, now: number): boolean {
  return (window.from === null || window.from <= now) && (window.until === null || now < window.until);
}

function activeRoles(question: PermissionQuestion, compiled: CompiledPolicy, now: number): readonly string[] {
  const { facts, claims } = question;
  const groups = new Set(compiled.mappings.groupsOf(claims));
  for (const group of facts.groups) if (within(group.valid, now)) groups.add(group.key);
  const counts = (assignment: RoleAssignment): boolean =>
    assignment.state === 'active' &&
    assignment.unit === null &&
    assignment.condition === null &&
    within(assignment.valid, now) &&
    (assignment.group === null || groups.has(assignment.group));
  const roles = facts.assignments.filter(counts).map(({ role }) => role);
  compiled.mappings.eachMet(claims, ({ role, unit, condition }) => {
    if (role !== null && (unit ?? null) === null && (condition ?? null) === null) roles.push(role);
  });
  return roles;
}

/** What is held within tenant boundary, client boundary and ceiling; lasts until the next call. */
function held(question: PermissionQuestion, compiled: CompiledPolicy, now: number): PermissionBits {
  const { catalogue } = compiled;
  const result = compiled.heldBy(activeRoles(question, compiled, now));
  keepOnly(result, catalogue.coveredBy(question.boundary));
  if (question.ceiling !== null) keepOnly(result, catalogue.coveredBy(question.ceiling));
  if (question.facts.tenantBoundary !== null) keepOnly(result, catalogue.coveredBy(question.facts.tenantBoundary));
  return result;
}

function decision(code: DecisionCode): CheckDecision {
  return { allowed: code === 'granted', code, residual: null, missing: [], stepUp: null };
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
  const assigned = nameRoles(
    request.facts.assignments.map(({ role }) => role),
    compiled,
  );
  const mapped: string[] = [];
  compiled.mappings.eachMet(request.claims, ({ role }) => {
    if (role !== null) mapped.push(role);
  });
  const ceiling = request.ceiling === null ? 'none' : String(countBits(catalogue.coveredBy(request.ceiling)));
  return [
    `assigned roles: ${assigned}`,
    `mapped roles: ${nameRoles(mapped, compiled)}`,
    `of ${catalogue.names.length} permissions held: ${countBits(compiled.heldBy(activeRoles(request, compiled, request.now)))}`,
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
