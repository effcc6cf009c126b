/** Policies and applications that reach the corners of the model. */
import fc from 'fast-check';
import type {
  ClaimMapping,
  Deny,
  Gate,
  PolicyBinding,
  PolicyVersion,
  ResourceSelector,
  RoleDefinition,
  StepUp,
  Tier,
} from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { conditionUse, DECLARATIONS, namedConditions } from './condition.arbitrary.js';
import { timeWindow } from './times.js';

const NAMES = [
  ...['read', 'create', 'approve', 'delete', 'export'].map((verb) => `billing:invoice:${verb}`),
  ...['billing:report:read', 'billing:report:export', 'billing:report:line:read', 'billing:audit', 'billing:admin:users:read'],
];
/** So many that they do not fit into one word of bits. */
const MORE_NAMES = Array.from({ length: 60 }, (_, index) => `billing:bulk:n${String(index)}`);

const ROLES = ['r0', 'r1', 'r2', 'r3', 'constructor'];
export const GROUPS = ['g0', 'g1', 'g2', '__proto__'];
export const SUBJECTS = ['ana', 'bo'];
export const ISSUERS = ['contoso', 'keycloak'];
export const CLAIM_VALUES = ['v1', 'v2', 'v3'];
const UNITS = ['org', 'org.emea', 'org.emea.ch', 'org.apac', 'org.em'];
export const TIERS = ['free', 'team', 'pro'];
export const FLAGS = ['f0', 'f1', 'f2', '__proto__'];
export const ACRS = ['gold', 'silver'];

const wildcard = fc.constantFrom(
  ...[
    '**',
    'billing:**',
    '**:read',
    '**:export',
    'billing:invoice:*',
    'billing:report:**',
    'billing:*:read',
    '*:*',
    'billing:*:*:read',
  ],
  ...['billing:bulk:*', 'other:**', 'billing:invoice:nothing'],
);
const pattern = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 3, arbitrary: wildcard },
  { weight: 1, arbitrary: fc.constantFrom('billing:bulk:n0', 'billing:bulk:n31', 'billing:bulk:n32', 'billing:bulk:n59') },
);
const somePatterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
export const patterns = fc.array(pattern, { maxLength: 3 });
/** Mostly no limit at all. */
export const limit: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 7, arbitrary: fc.constant(['**']) },
  { weight: 1, arbitrary: patterns },
);

const malformed = fc.constantFrom('billing', 'a::b', 'billing:**:read', 'inv*');

const role = (key: string, index: number): fc.Arbitrary<RoleDefinition> =>
  fc.record({
    key: fc.constant(key),
    inherits: fc.subarray(ROLES.slice(0, index), { maxLength: Math.min(2, index) }),
    grants: fc.oneof({ weight: 12, arbitrary: somePatterns }, { weight: 1, arbitrary: fc.tuple(pattern, malformed) }),
    exclude: fc.oneof(
      { weight: 8, arbitrary: fc.constant([]) },
      { weight: 4, arbitrary: patterns },
      { weight: 1, arbitrary: fc.tuple(malformed) },
    ),
  });

export const roleKey = fc.constantFrom(...ROLES, 'gone', '__proto__');
export const unit = fc.option(fc.constantFrom(...UNITS), { freq: 3 });
export const rarely = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

export const selector: fc.Arbitrary<ResourceSelector> = fc.record({
  type: fc.constantFrom('invoice', 'invoice', 'report'),
  ids: rarely(fc.subarray(['i1', 'i2', '__proto__'], { minLength: 1 })),
  path: rarely(fc.constantFrom('/emea/**', '/emea', '/emea/ch/**', '/**')),
});

const principal = fc.oneof(
  fc.constant('all'),
  fc.constantFrom(...SUBJECTS, '__proto__').map((key) => `subject:${key}`),
  fc.constantFrom(...GROUPS).map((key) => `group:${key}`),
  roleKey.map((key) => `role:${key}`),
);

const mapping: fc.Arbitrary<ClaimMapping> = fc
  .record({
    issuer: fc.constantFrom(...ISSUERS),
    claim: fc.constantFrom('roles', 'groups'),
    value: fc.constantFrom(...CLAIM_VALUES),
    role: roleKey,
    group: fc.constantFrom(...GROUPS),
    unit,
    condition: rarely(conditionUse),
    isGroup: fc.boolean(),
  })
  .map(({ isGroup, ...rest }) => ({ ...rest, role: isGroup ? null : rest.role, group: isGroup ? rest.group : null }));

const binding = (id: string): fc.Arbitrary<PolicyBinding> =>
  fc
    .record({
      id: fc.constant(id),
      principal,
      role: fc.option(roleKey, { freq: 3 }),
      permissions: somePatterns,
      unit: rarely(unit),
      condition: rarely(conditionUse),
      resource: rarely(selector),
      valid: timeWindow,
    })
    .map((each) => ({ ...each, permissions: each.role === null ? each.permissions : [] }));

const gate: fc.Arbitrary<Gate> = fc.record({
  id: fc.constantFrom('g1', 'g2', 'g3'),
  permissions: somePatterns,
  tier: fc.option(fc.constantFrom(...TIERS, 'gone'), { freq: 2 }),
  flags: fc.subarray(FLAGS, { maxLength: 2 }),
});

export const deny: fc.Arbitrary<Deny> = fc.record({
  id: fc.constantFrom('d1', 'd2', 'd3'),
  principals: fc.array(principal, { minLength: 1, maxLength: 2 }),
  permissions: somePatterns,
  except: fc.array(principal, { maxLength: 2 }),
  condition: fc.option(conditionUse, { freq: 2 }),
  valid: timeWindow,
});

const stepUp: fc.Arbitrary<StepUp> = fc.record({
  id: fc.constantFrom('s1', 's2'),
  permissions: somePatterns,
  acr: fc.subarray(ACRS),
  maxAuthAgeSeconds: fc.option(fc.constantFrom(60, 300, 600)),
});

const tiers: fc.Arbitrary<readonly Tier[]> = fc
  .tuple(fc.subarray(FLAGS), fc.subarray(FLAGS), fc.subarray(FLAGS))
  .map((flags) => TIERS.map((key, index) => ({ key, flags: flags[index] ?? [] })));

const few = <Value>(value: fc.Arbitrary<Value>, maxLength: number): fc.Arbitrary<readonly Value[]> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(value, { maxLength }) });

/** A policy with an unknown parent is never activated. */
function withKnownParents(roles: readonly RoleDefinition[]): readonly RoleDefinition[] {
  const keys = roles.map(({ key }) => key);
  return roles.map((each) => ({ ...each, inherits: each.inherits.filter((parent) => keys.includes(parent)) }));
}

/** Some left out; of a few kinds, so that conditions need not be compiled for each. */
const SOME_DECLARATIONS = Array.from({ length: 30 }, (_, kind) =>
  DECLARATIONS.filter((_declaration, at) => ((at + 3) * (kind + 5) * 31) % 23 > kind % 13),
);

export const policy: fc.Arbitrary<PolicyVersion> = fc.record({
  tenantId: fc.constant('t1'),
  set: fc.constant('main'),
  sequence: fc.constant(7),
  attributes: fc.oneof(
    { weight: 6, arbitrary: fc.constant(DECLARATIONS) },
    { weight: 1, arbitrary: fc.constantFrom(...SOME_DECLARATIONS) },
  ),
  conditions: namedConditions,
  roles: fc.tuple(...ROLES.map(role)).chain((roles) => fc.shuffledSubarray(roles, { minLength: 3 }).map(withKnownParents)),
  mappings: few(mapping, 4),
  bindings: few(
    fc.constantFrom('b0', 'b1', 'b2', 'b3').chain((id) => binding(id)),
    4,
  ).map((bindings) => bindings.map((each, index) => ({ ...each, id: `b${String(index)}` }))),
  tiers,
  gates: few(gate, 2),
  denies: few(deny, 2),
  stepUps: few(stepUp, 1),
  routes: fc.constant([]),
});

export const application: fc.Arbitrary<Application> = fc
  .record({
    names: fc.oneof<fc.MaybeWeightedArbitrary<readonly string[]>[]>(
      { weight: 4, arbitrary: fc.shuffledSubarray(NAMES, { minLength: 4 }) },
      { weight: 1, arbitrary: fc.constant([...NAMES, ...MORE_NAMES]) },
    ),
    lifetime: rarely(fc.constantFrom(30, 300, 600)),
    allowsEmptyPermissions: fc.boolean(),
  })
  .map(({ names, lifetime, allowsEmptyPermissions }) => ({
    id: 'a1',
    audience: 'https://billing.example',
    prefix: 'billing',
    permissions: names.map((name, bit) => ({ name, bit, maxLifetimeSeconds: bit === 1 ? lifetime : null })),
    allowsEmptyPermissions,
    tokenLifetimeSeconds: null,
  }));
