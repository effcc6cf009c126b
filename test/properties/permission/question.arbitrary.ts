/** Subjects, their facts and claims, and what is asked about them. */
import fc from 'fast-check';
import type {
  ExternalFacts,
  FlagState,
  RegisteredSubject,
  ResourceGrant,
  RoleAssignment,
  SubjectFacts,
  Subscription,
} from '#accessors/facts/contract.js';
import type { CheckedResource, PermissionRequest, TokenClaims } from '#engines/permission/contract.js';
import { namedCondition } from './condition.arbitrary.js';
import {
  ACRS,
  CLAIM_VALUES,
  FLAGS,
  GROUPS,
  ISSUERS,
  limit,
  patterns,
  rarely,
  roleKey,
  selector,
  SUBJECTS,
  TIERS,
  unit,
} from './policy.arbitrary.js';
import { BASE, LONGEST, now, optionalMoment, timeWindow } from './times.js';

/** Some are there, some are not. */
const attributes = fc.record(
  {
    level: fc.constantFrom(0, 2, 60),
    team: fc.constantFrom('red', 'blue'),
    tags: fc.subarray(['vip', 'new']),
    region: fc.constantFrom('eu-west', 'us'),
  },
  { requiredKeys: [] },
);

const subject: fc.Arbitrary<RegisteredSubject | null> = fc.option(
  fc.record({
    id: fc.constant('s1'),
    key: fc.constantFrom(...SUBJECTS),
    kind: fc.constantFrom('user', 'workload', 'agent'),
    status: fc.oneof(
      { weight: 30, arbitrary: fc.constant('active' as const) },
      { weight: 1, arbitrary: fc.constant('disabled' as const) },
    ),
    attributes,
    primaryIdentity: fc.constant({ instance: 'oidc:https://idp.example', externalId: 'u1' }),
  }),
  { freq: 6 },
);

const holder = rarely(fc.constantFrom(...GROUPS));

const assignment: fc.Arbitrary<RoleAssignment> = fc.record({
  id: fc.constant('as'),
  group: holder,
  role: roleKey,
  unit: rarely(unit),
  condition: rarely(namedCondition),
  valid: timeWindow,
  state: fc.oneof(
    { weight: 6, arbitrary: fc.constant('active' as const) },
    { weight: 1, arbitrary: fc.constant('eligible' as const) },
  ),
});

const grant: fc.Arbitrary<ResourceGrant> = fc
  .record({
    id: fc.constant('gr'),
    group: holder,
    role: rarely(roleKey),
    permissions: patterns,
    resource: selector,
    unit: rarely(unit),
    condition: rarely(namedCondition),
    valid: timeWindow,
  })
  .map((each) => ({ ...each, permissions: each.role === null ? each.permissions : [] }));

const subscription: fc.Arbitrary<Subscription> = fc.record({
  tier: fc.constantFrom(...TIERS, 'gone'),
  valid: timeWindow,
  graceUntil: optionalMoment,
});

const flag: fc.Arbitrary<FlagState> = fc.record({ key: fc.constantFrom(...FLAGS), enabled: fc.boolean(), valid: timeWindow });

const numbered = <Row extends { readonly id: string }>(rows: readonly Row[]): readonly Row[] =>
  rows.map((row, index) => ({ ...row, id: `${row.id}${String(index)}` }));

const facts: fc.Arbitrary<SubjectFacts> = fc.record({
  tenantId: fc.constant('t1'),
  tenantStatus: fc.oneof(
    { weight: 40, arbitrary: fc.constant('active' as const) },
    { weight: 1, arbitrary: fc.constant('suspended' as const) },
  ),
  tenantBoundary: rarely(limit),
  tenantAttributes: attributes,
  epoch: fc.constant(3),
  subject,
  groups: fc.array(fc.record({ key: fc.constantFrom(...GROUPS), valid: timeWindow }), { maxLength: 2 }),
  nesting: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ group: fc.constantFrom(...GROUPS), ancestor: fc.constantFrom(...GROUPS) }), {
        maxLength: 2,
      }),
    },
  ),
  assignments: fc.array(assignment, { minLength: 1, maxLength: 4 }).map(numbered),
  grants: fc.array(grant, { maxLength: 2 }).map(numbered),
  subscriptions: fc.array(subscription, { maxLength: 2 }),
  flags: fc.array(flag, { maxLength: 3 }),
});

const external: fc.Arbitrary<ExternalFacts> = fc
  .record({
    clearance: fc.constantFrom(undefined, 0, 5),
    f0: fc.constantFrom(undefined, undefined, true, false),
    isAway: fc.boolean(),
    validUntil: rarely(optionalMoment),
  })
  .map(({ clearance, f0, isAway, validUntil }) => ({
    values: new Map<string, number | boolean>([
      ...(clearance === undefined ? [] : [['subject.clearance', clearance] as const]),
      ...(f0 === undefined ? [] : [['flag.f0', f0] as const]),
    ]),
    unavailable: new Set(isAway && clearance === undefined ? ['subject.clearance'] : []),
    validUntil,
  }));

const values = fc.subarray(CLAIM_VALUES);

const claims: fc.Arbitrary<TokenClaims> = fc.record({
  issuer: fc.constantFrom(...ISSUERS, ...ISSUERS, 'other', ''),
  roles: values,
  groups: fc.oneof({ weight: 15, arbitrary: values }, { weight: 1, arbitrary: fc.constant(null) }),
  acr: fc.constantFrom(null, ...ACRS, 'bronze'),
  amr: fc.subarray(['mfa', 'pwd']),
  authTime: fc.constantFrom(null, ...[-600, -300, -240, -60, 0].map((offset) => BASE / 1000 + offset)),
});

export const sampleContext = fc.record({ ip: fc.constantFrom('10.1.2.3', '203.0.113.9'), risk: fc.constantFrom(1, 9) });

const context = fc.option(
  fc.record({ ip: fc.constantFrom('10.1.2.3', '203.0.113.9', 'nonsense'), risk: fc.constantFrom(1, 9) }, { requiredKeys: [] }),
  { freq: 3 },
);

export const resource: fc.Arbitrary<CheckedResource> = fc.record({
  type: fc.constantFrom('invoice', 'invoice', 'report', 'other'),
  id: fc.constantFrom('i1', 'i2', 'i3', null),
  unit: fc.option(fc.constantFrom('org', 'org.emea', 'org.emea.ch', 'org.apac', 'org.emeax'), { freq: 2 }),
  path: fc.constantFrom(null, '/emea', '/emea/ch', '/emea/ch/zh', '/emeax', '/', '/emea/../apac'),
  attributes: fc.record(
    {
      amount: fc.constantFrom(1, 60, 500),
      rows: fc.constantFrom(5, 50),
      region: fc.constantFrom('eu', 'us'),
      owner: fc.constant('x'),
    },
    { requiredKeys: [] },
  ),
});

const scope = fc.option(
  fc.array(
    fc.oneof(
      fc.constantFrom('billing:invoice:*', 'billing:report:**', '**'),
      patterns.map(([first]) => first ?? '**'),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  { freq: 3 },
);

export type Asked = Omit<PermissionRequest, 'policy' | 'application'>;

export const asked: fc.Arbitrary<Asked> = fc
  .record({
    facts,
    external,
    claims,
    context,
    boundary: limit,
    ceiling: rarely(limit),
    ceilings: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(limit, { maxLength: 2 }) }),
    now,
    scope: rarely(scope),
    unit: rarely(unit),
  })
  .map((each) => ({ ...each, until: each.now + LONGEST }));
