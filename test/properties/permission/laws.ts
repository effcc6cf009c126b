/** What has to be so whatever the policy says. Each law answers what is wrong, in a line, or nothing. */
import type { Deny, PolicyVersion } from '#accessors/policy/contract.js';
import type { CheckedResource, PermissionDecision, PermissionRequest } from '#engines/permission/contract.js';
import { coveredBy } from '../../oracle/permission/names.js';
import { checkOf, type Difference } from './comparison.js';
import type { Judge } from './judge.js';
import { withUnrelatedFacts, withUnrelatedRules } from './unrelated.js';

export interface Case {
  readonly request: PermissionRequest;
  readonly resource: CheckedResource;
  /** What whoever is judged answers to it. */
  readonly decision: PermissionDecision;
  /** The policy with something done to it, made once for many questions. */
  readonly variants: PolicyVariants;
}

export interface PolicyVariants {
  readonly shuffled: PolicyVersion;
  readonly deny: Deny;
  readonly withDeny: PolicyVersion;
  /** Takes whatever `deny` speaks of from everybody, always. */
  readonly withHardDeny: PolicyVersion;
  readonly withUnrelated: PolicyVersion;
  readonly copied: PolicyVersion;
}

type Law = (judge: Judge, each: Case) => Difference;

/** An answer without its limits in time. */
interface Sets {
  readonly granted: readonly string[];
  readonly conditional: readonly string[];
}

function setsOf(decision: PermissionDecision): Sets {
  if (decision.effect === 'refused') return { granted: [], conditional: [] };
  return { granted: decision.permissions, conditional: decision.conditional.map(({ permission }) => permission) };
}

const same = (what: string, one: unknown, other: unknown): Difference =>
  JSON.stringify(one) === JSON.stringify(other) ? undefined : `${what}: ${JSON.stringify(one)} is not ${JSON.stringify(other)}`;
const none = (what: string, names: readonly string[]): Difference =>
  names.length === 0 ? undefined : `${what}: ${names.join(', ')}`;

/** Without texts for people, which may name rules in another order. */
function answer(decision: PermissionDecision): unknown {
  return decision.effect === 'refused' ? [decision.code, decision.actual ?? null] : decision;
}

const orderIndependence: Law = (judge, { request, decision, variants }) => {
  const { facts } = request;
  const turned = {
    ...facts,
    groups: facts.groups.toReversed(),
    nesting: facts.nesting.toReversed(),
    assignments: facts.assignments.toReversed(),
    grants: facts.grants.toReversed(),
    subscriptions: facts.subscriptions.toReversed(),
    flags: facts.flags.toReversed(),
  };
  const other = judge.effectivePermissions({ ...request, policy: variants.shuffled, facts: turned });
  return same('in another order', answer(other), answer(decision));
};

const denyDominance: Law = (judge, { request, decision, variants }) => {
  const before = setsOf(decision);
  const after = setsOf(judge.effectivePermissions({ ...request, policy: variants.withHardDeny }));
  const kept = (names: readonly string[]): readonly string[] =>
    names.filter((name) => !coveredBy(variants.deny.permissions, name));
  return same('denied to all', after, { granted: kept(before.granted), conditional: kept(before.conditional) });
};

const denyNeverAdds: Law = (judge, { request, decision, variants }) => {
  const before = setsOf(decision);
  const after = setsOf(judge.effectivePermissions({ ...request, policy: variants.withDeny }));
  const either = [...before.granted, ...before.conditional];
  return (
    none(
      'granted by a deny',
      after.granted.filter((name) => !before.granted.includes(name)),
    ) ??
    none(
      'held by a deny',
      after.conditional.filter((name) => !either.includes(name)),
    )
  );
};

const withinBoundaries: Law = (_judge, { request, decision }) => {
  const { granted, conditional } = setsOf(decision);
  const limits = [request.facts.tenantBoundary, request.boundary, request.ceiling, ...(request.ceilings ?? []), request.scope];
  const outside = [...granted, ...conditional].filter((name) =>
    limits.some((limit) => limit !== null && !coveredBy(limit, name)),
  );
  return none('outside of a boundary', outside);
};

/** As `structuredClone` would, which takes several times as long. */
function copyOf<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map((each: unknown) => copyOf(each)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return new Map(value) as Value;
  if (value instanceof Set) return new Set(value) as Value;
  return Object.fromEntries(Object.entries(value).map(([name, each]: [string, unknown]) => [name, copyOf(each)])) as Value;
}

const cacheChangesNothing: Law = (judge, { request, decision: warm, variants }) => {
  const { facts, claims, external } = request;
  const copy = { ...request, ...copyOf({ facts, claims, external }), policy: variants.copied };
  return (
    same('of copies', answer(judge.effectivePermissions(copy)), answer(warm)) ??
    same('the second time', answer(judge.effectivePermissions(request)), answer(warm))
  );
};

/** A token of the same data says what Check says, and what is granted everywhere is granted on each resource. */
const checkIsClaims: Law = (judge, { request, resource }) => {
  const whole = { ...request, scope: null };
  const { granted, conditional } = setsOf(judge.effectivePermissions(whole));
  for (const { name } of request.application.permissions.slice(0, 12)) {
    const { allowed, code } = judge.decide(checkOf(whole, name, null));
    if (allowed !== granted.includes(name)) return `check of ${name}: ${code}; granted: ${granted.join(' ')}`;
    if (['conditional', 'condition_unknown'].includes(code) !== conditional.includes(name))
      return `check of ${name}: ${code}; conditional: ${conditional.join(' ')}`;
    if (!allowed) continue;
    const onResource = judge.decide(checkOf(whole, name, { ...resource, unit: request.unit }));
    if (!onResource.allowed) return `${name} is granted, but on ${JSON.stringify(resource)} ${onResource.code}`;
  }
  return undefined;
};

const unrelatedChangesNothing: Law = (judge, { request, decision, variants }) => {
  const more = { ...request, policy: variants.withUnrelated, facts: withUnrelatedFacts(request.facts) };
  return same('with unrelated data', answer(judge.effectivePermissions(more)), answer(decision));
};

export const LAWS: Readonly<Record<string, Law>> = {
  'order does not matter': orderIndependence,
  'a deny beats everything': denyDominance,
  'a deny never adds': denyNeverAdds,
  'nothing is outside of a boundary': withinBoundaries,
  'what is kept changes no answer': cacheChangesNothing,
  'check says what a token says': checkIsClaims,
  'unrelated data changes nothing': unrelatedChangesNothing,
};

export function variantsOf(policy: PolicyVersion, deny: Deny): PolicyVariants {
  const { attributes, conditions, roles, mappings, bindings, gates, denies, stepUps } = policy;
  const hard: Deny = {
    ...deny,
    id: 'hard',
    principals: ['all'],
    except: [],
    condition: null,
    valid: { from: null, until: null },
  };
  return {
    deny,
    shuffled: {
      ...policy,
      attributes: attributes.toReversed(),
      conditions: conditions.toReversed(),
      roles: roles
        .toReversed()
        .map((role) => ({ ...role, grants: role.grants.toReversed(), inherits: role.inherits.toReversed() })),
      mappings: mappings.toReversed(),
      bindings: bindings.toReversed(),
      gates: gates.toReversed(),
      denies: denies.toReversed(),
      stepUps: stepUps.toReversed(),
    },
    withDeny: { ...policy, denies: [...denies, { ...deny, id: 'added' }] },
    withHardDeny: { ...policy, denies: [...denies, hard] },
    withUnrelated: withUnrelatedRules(policy),
    copied: structuredClone(policy),
  };
}
