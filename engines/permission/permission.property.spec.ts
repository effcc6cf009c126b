import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ClaimMapping, PolicyVersion, RoleDefinition } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PermissionDecision, PermissionRequest } from './contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { assignment, claimsOf, factsOf, NO_EXTERNAL, NOON, policyOf } from './fixtures/question.fixture.js';
import { WORDS } from './fixtures/words.condition-evaluator.js';

/** The slow and obvious reading of the model, on names instead of bits and with a regular expression for each pattern. */
const expressions = new Map<string, RegExp>();
const toExpression = (pattern: string): RegExp => {
  const known = expressions.get(pattern);
  if (known !== undefined) return known;
  const segments = pattern.split(':').map((segment) => ({ '**': '[^:]+(:[^:]+)*', '*': '[^:]+' })[segment] ?? segment);
  const made = new RegExp(`^${segments.join(':')}$`);
  expressions.set(pattern, made);
  return made;
};
const expand = (patterns: readonly string[], names: readonly string[]): Set<string> =>
  new Set(names.filter((name) => patterns.some((pattern) => toExpression(pattern).test(name))));
const within = (inner: Iterable<string>, outer: ReadonlySet<string>): boolean => [...inner].every((name) => outer.has(name));

function grantsOf(key: string, roles: readonly RoleDefinition[], names: readonly string[]): Set<string> {
  const role = roles.find((candidate) => candidate.key === key);
  if (role === undefined) return new Set();
  const own = [...expand(role.grants, names)].filter((name) => !expand(role.exclude, names).has(name));
  return new Set([...own, ...role.inherits.flatMap((parent) => [...grantsOf(parent, roles, names)])]);
}

function heldBy({ policy, application, facts, claims }: PermissionRequest): Set<string> {
  const names = application.permissions.map(({ name }) => name);
  const mapped = policy.mappings.filter(
    (mapping) =>
      mapping.issuer === claims.issuer &&
      (mapping.claim === 'roles' ? claims.roles : (claims.groups ?? [])).includes(mapping.value),
  );
  const roles = [...facts.assignments, ...mapped].map(({ role }) => role ?? 'none');
  return new Set(roles.flatMap((role) => [...grantsOf(role, policy.roles, names)]));
}

function expected(request: PermissionRequest): { code: string; permissions: readonly string[] } {
  const names = request.application.permissions.map(({ name }) => name);
  const boundary = expand(request.boundary, names);
  for (const value of request.scope ?? []) {
    const covered = expand([value], names);
    if (covered.size === 0) return { code: 'SCOPE_UNKNOWN', permissions: [] };
    if (!within(covered, boundary)) return { code: 'SCOPE_NOT_ALLOWED', permissions: [] };
  }
  const ceiling = request.ceiling === null ? null : expand(request.ceiling, names);
  const scope = request.scope === null ? null : expand(request.scope, names);
  const permissions = [...heldBy(request)]
    .filter((name) => boundary.has(name) && (ceiling?.has(name) ?? true) && (scope?.has(name) ?? true))
    .sort();
  const nothing = request.scope === null ? 'PERMISSION_NONE' : 'SCOPE_NOT_HELD';
  return { code: permissions.length > 0 || request.application.allowsEmptyPermissions ? 'granted' : nothing, permissions };
}

const SEGMENTS = ['billing', 'invoice', 'report', 'read', 'delete', 'x'];
const segment = fc.constantFrom(...SEGMENTS);
const name = fc.array(segment, { minLength: 1, maxLength: 4 }).map((tail) => ['billing', ...tail].join(':'));
const pattern = fc
  .record({
    head: fc.constantFrom('', '**:', '*:', 'billing:'),
    middle: fc.array(fc.oneof({ weight: 3, arbitrary: segment }, { weight: 2, arbitrary: fc.constant('*') }), {
      minLength: 1,
      maxLength: 2,
    }),
    tail: fc.constantFrom('', ':**', ':*'),
  })
  .map(({ head, middle, tail }) => `${head}${middle.join(':')}${tail}`)
  .filter((text) => text.includes(':'));
const patterns = fc.array(fc.oneof(pattern, name, fc.constant('**')), { maxLength: 4 });

const ROLE_KEYS = ['r0', 'r1', 'r2', 'r3', 'r4'];
/** A role inherits from earlier ones, so that there are no cycles; the oracle would not end on one. */
const roles = fc.tuple(
  ...ROLE_KEYS.map((key, index) =>
    fc.record({
      key: fc.constant(key),
      grants: patterns,
      exclude: patterns,
      inherits: fc.subarray(ROLE_KEYS.slice(0, index)),
    }),
  ),
);
const mapping: fc.Arbitrary<ClaimMapping> = fc.record({
  issuer: fc.constantFrom('contoso', 'keycloak'),
  claim: fc.constantFrom('roles', 'groups'),
  value: fc.constantFrom('v1', 'v2'),
  role: fc.constantFrom(...ROLE_KEYS, 'gone'),
});
const application: fc.Arbitrary<Application> = fc.record({
  id: fc.constant('a'),
  audience: fc.constant('aud'),
  prefix: fc.constant('billing'),
  permissions: fc
    .oneof(fc.uniqueArray(name, { maxLength: 12 }), fc.uniqueArray(name, { minLength: 33, maxLength: 70 }))
    .map((names) => names.map((each, bit) => ({ name: each, bit }))),
  allowsEmptyPermissions: fc.boolean(),
  tokenLifetimeSeconds: fc.constant(null),
});
const policy: fc.Arbitrary<PolicyVersion> = fc.record({ roles, mappings: fc.array(mapping, { maxLength: 4 }) }).map(policyOf);
const values = fc.subarray(['v1', 'v2', 'v3']);
const request: fc.Arbitrary<PermissionRequest> = application.chain((target) =>
  fc.record({
    policy,
    application: fc.constant(target),
    facts: fc.subarray([...ROLE_KEYS, 'gone']).map((held) => factsOf({ assignments: held.map((role) => assignment(role)) })),
    external: fc.constant(NO_EXTERNAL),
    claims: fc.record({ issuer: fc.constantFrom('contoso', 'keycloak', 'other'), roles: values, groups: values }).map(claimsOf),
    context: fc.constant(null),
    unit: fc.constant(null),
    now: fc.constant(NOON),
    until: fc.constant(NOON + 600_000),
    boundary: fc.oneof(fc.constant(['**']), patterns),
    ceiling: fc.option(fc.oneof(fc.constant(['**']), patterns)),
    scope: fc.option(
      fc.array(
        fc.oneof(
          pattern,
          ...(target.permissions.length > 0 ? [fc.constantFrom(...target.permissions.map((each) => each.name))] : []),
        ),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    ),
  }),
);

const newEngine = (): DefaultPermissionEngine => new DefaultPermissionEngine({ conditionEvaluator: WORDS });
const judge = (input: PermissionRequest): PermissionDecision => newEngine().effectivePermissions(input);
const permissionsOf = (decision: PermissionDecision): readonly string[] =>
  decision.effect === 'granted' ? decision.permissions : [];
const shuffled = <Item>(items: readonly Item[]): Item[] => [...items].reverse();
const runs = { numRuns: 1500 };

describe('CVE-2026-9704 (GHSA-75p6-52g3-rqc8): an exchange never yields more than every limit allows', () => {
  it('answers exactly what the slow reading of the model says', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(request, (input) => {
        const decision = judge(input);
        const wanted = expected(input);
        seen.set(wanted.code, (seen.get(wanted.code) ?? 0) + 1);
        expect(decision.effect === 'granted' ? 'granted' : decision.code).toBe(wanted.code);
        expect(permissionsOf(decision)).toEqual(wanted.permissions);
      }),
      runs,
    );
    // The inputs reach every outcome; a generator that produced refusals alone would prove nothing.
    for (const code of ['granted', 'SCOPE_UNKNOWN', 'SCOPE_NOT_ALLOWED', 'SCOPE_NOT_HELD', 'PERMISSION_NONE']) {
      expect(seen.get(code) ?? 0).toBeGreaterThan(10);
    }
  });

  it('stays within what is held, the boundary, the ceiling and the scope, and its scope value claims no more', () => {
    fc.assert(
      fc.property(request, (input) => {
        const decision = judge(input);
        if (decision.effect === 'refused') return;
        const names = input.application.permissions.map((permission) => permission.name);
        const granted = decision.permissions;
        expect(within(granted, heldBy(input))).toBe(true);
        expect(within(granted, expand(input.boundary, names))).toBe(true);
        expect(input.ceiling === null || within(granted, expand(input.ceiling, names))).toBe(true);
        expect(input.scope === null || within(granted, expand(input.scope, names))).toBe(true);
        const claimed = expand(decision.scope === '' ? [] : decision.scope.split(' '), names);
        expect([...claimed].sort()).toEqual(granted);
      }),
      runs,
    );
  });

  it('on behalf of somebody is never more than on one’s own', () => {
    fc.assert(
      fc.property(request, patterns, (input, ceiling) => {
        const own = judge({ ...input, ceiling: null });
        expect(within(permissionsOf(judge({ ...input, ceiling })), new Set(permissionsOf(own)))).toBe(true);
      }),
      runs,
    );
  });
});

describe('PermissionEngine: laws', () => {
  it('no order of roles, mappings, claims, patterns or catalogue changes the answer', () => {
    fc.assert(
      fc.property(request, (input) => {
        const turned: PermissionRequest = {
          ...input,
          policy: { ...input.policy, roles: shuffled(input.policy.roles), mappings: shuffled(input.policy.mappings) },
          application: { ...input.application, permissions: shuffled(input.application.permissions) },
          facts: { ...input.facts, assignments: shuffled(input.facts.assignments) },
          claims: { ...input.claims, roles: shuffled(input.claims.roles), groups: shuffled(input.claims.groups ?? []) },
          boundary: shuffled(input.boundary),
          ceiling: input.ceiling === null ? null : shuffled(input.ceiling),
        };
        expect(judge(turned)).toEqual(judge(input));
      }),
      runs,
    );
  });

  it('another role never takes a permission away', () => {
    fc.assert(
      fc.property(request, fc.constantFrom(...ROLE_KEYS), (input, role) => {
        const more = { ...input, facts: { ...input.facts, assignments: [...input.facts.assignments, assignment(role)] } };
        expect(within(permissionsOf(judge(input)), new Set(permissionsOf(judge(more))))).toBe(true);
      }),
      runs,
    );
  });

  it('one engine that has answered much answers as a new one does', () => {
    const used = newEngine();
    fc.assert(
      fc.property(request, (input) => {
        used.effectivePermissions(input);
        expect(used.effectivePermissions(input)).toEqual(judge(input));
      }),
      runs,
    );
  });
});
