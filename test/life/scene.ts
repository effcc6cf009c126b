/** A scene with every kind of rule about time, and somebody for each of them. */
import { ALWAYS, type TimeWindow } from '#utilities/time-window/contract.js';
import type { ResourceGrant, RoleAssignment, SubjectFacts } from '#accessors/facts/contract.js';
import {
  EMPTY_POLICY,
  type AttributeDeclaration,
  type ConditionUse,
  type Deny,
  type PolicyBinding,
  type PolicyVersion,
} from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PermissionRequest, TokenClaims } from '#engines/permission/contract.js';
import { cel, type Expression } from '../oracle/permission/expression.js';

const HOUR = 3_600_000;
const ZURICH = 'Europe/Zurich';

export type Question = Omit<PermissionRequest, 'now' | 'until'>;

export interface Scene {
  readonly expressions: readonly Expression[];
  readonly personas: Readonly<Record<string, Question>>;
}

const application: Application = {
  id: 'a1',
  audience: 'https://billing.example',
  prefix: 'billing',
  permissions: ['read', 'write', 'pay', 'report', 'export', 'night', 'audit'].map((verb, bit) => ({
    name: `billing:invoice:${verb}`,
    bit,
    maxLifetimeSeconds: verb === 'pay' ? 120 : null,
  })),
  allowsEmptyPermissions: true,
  tokenLifetimeSeconds: null,
};

const attributes: readonly AttributeDeclaration[] = [
  { root: 'resource', resourceType: 'invoice', name: 'amount', type: 'int', source: 'pep' },
  { root: 'subject', resourceType: null, name: 'clearance', type: 'int', source: 'hr' },
  { root: 'session', resourceType: null, name: 'auth_time', type: 'timestamp', source: 'idp' },
];

/** @param start of the 48 hours, Unix milliseconds */
export function sceneFrom(start: number): Scene {
  const at = (hours: number): number => start + hours * HOUR;
  const expressions: Readonly<Record<string, Expression>> = {
    office: { op: 'hours', zone: ZURICH, from: 7, to: 18 },
    small_hours: { op: 'hours', zone: ZURICH, from: 1, to: 4 },
    new_york: { op: 'hours', zone: 'America/New_York', from: 9, to: 17 },
    not_sunday: { op: 'weekday', zone: ZURICH, except: 0 },
    until_then: { op: 'now', by: '<', at: at(20.5) },
    small_until_then: {
      op: 'and',
      sides: [
        { op: 'compare', path: 'resource.amount', by: '<', to: 100 },
        { op: 'now', by: '<', at: at(30) },
      ],
    },
    cleared: { op: 'compare', path: 'subject.clearance', by: '>', to: 1 },
    fresh: { op: 'younger', path: 'session.auth_time', seconds: 5400 },
  };
  const use = (key: string): ConditionUse => ({ key, expression: cel(expressions[key] as Expression), params: {} });
  const policy = policyOf(at, use, expressions);
  const person = (facts: Partial<SubjectFacts>, rest: Partial<Question> = {}): Question => ({
    ...questionOf(policy, facts),
    ...rest,
  });
  const when = (key: string): Partial<RoleAssignment> => ({ condition: { key, params: {} } });
  const between = (from: number | null, until: number | null): TimeWindow => ({
    from: from === null ? null : at(from),
    until: until === null ? null : at(until),
  });
  return {
    expressions: Object.values(expressions),
    personas: {
      'in office hours': person({ assignments: [assignment('clerk', when('office'))] }),
      'in the hours in which clocks change': person({ assignments: [assignment('clerk', when('small_hours'))] }),
      'in the hours of another zone, and not on Sundays': person({
        assignments: [assignment('clerk', when('new_york')), assignment('reader', when('not_sunday'))],
      }),
      'until a moment': person({
        assignments: [assignment('clerk', when('until_then')), assignment('reader', { valid: between(null, 33.25) })],
      }),
      'from a moment': person({ assignments: [assignment('clerk', { valid: between(13.1, null) }), assignment('reader', {})] }),
      'without a gap from one assignment to the next': person({
        assignments: [assignment('clerk', { valid: between(null, 17) }), assignment('clerk', { valid: between(17, 29) })],
      }),
      'member of a group for a while, with a binding for a while': person({ groups: [{ key: 'night', valid: between(6, 40) }] }),
      'with a subscription that ends, and grace after it': person({
        assignments: [assignment('analyst', {})],
        subscriptions: [{ tier: 'pro', valid: between(null, 15.5), graceUntil: at(18.75) }],
        flags: [{ key: 'reports', enabled: true, valid: between(4, 44) }],
      }),
      'denied in a window, and at night': person({ assignments: [assignment('exporter', {})] }),
      'whose authentication gets old': person(
        { assignments: [assignment('payer', {}), assignment('reader', when('fresh'))] },
        { claims: claims(at(9) / 1000) },
      ),
      'known to a source for a while': person(
        { assignments: [assignment('clerk', when('cleared'))] },
        { external: { values: new Map([['subject.clearance', 5]]), unavailable: new Set(), validUntil: at(22.2) } },
      ),
      'with something on a resource for a while': person({
        grants: [
          grant(between(10, 26)),
          { ...grant(between(5, 36)), id: 'gr2', condition: { key: 'small_until_then', params: {} } },
        ],
      }),
      'with everything at once': person(
        {
          groups: [{ key: 'night', valid: between(6, 40) }],
          assignments: [
            assignment('clerk', when('office')),
            assignment('analyst', {}),
            assignment('exporter', { valid: between(8, 43) }),
            assignment('payer', {}),
          ],
          subscriptions: [{ tier: 'pro', valid: between(2, 15.5), graceUntil: at(18.75) }],
          flags: [{ key: 'reports', enabled: true, valid: between(4, 44) }],
        },
        { claims: claims(at(30) / 1000) },
      ),
    },
  };
}

function policyOf(
  at: (hours: number) => number,
  use: (key: string) => ConditionUse,
  expressions: Readonly<Record<string, Expression>>,
): PolicyVersion {
  const role = (key: string, verb: string): PolicyVersion['roles'][number] => ({
    key,
    inherits: [],
    grants: [`billing:invoice:${verb}`],
    exclude: [],
  });
  const binding: PolicyBinding = {
    id: 'b1',
    principal: 'group:night',
    role: 'auditor',
    permissions: [],
    unit: null,
    condition: null,
    resource: null,
    valid: { from: at(11), until: at(39.9) },
  };
  const deny = (id: string, condition: ConditionUse | null, valid: TimeWindow): Deny => ({
    id,
    principals: ['all'],
    permissions: ['**:export'],
    except: [],
    condition,
    valid,
  });
  return {
    ...EMPTY_POLICY,
    tenantId: 't1',
    set: 'main',
    sequence: 1,
    attributes,
    conditions: Object.entries(expressions).map(([key, expression]) => ({ key, expression: cel(expression) })),
    roles: [
      role('clerk', 'write'),
      role('reader', 'read'),
      role('analyst', 'report'),
      role('exporter', 'export'),
      role('payer', 'pay'),
      role('auditor', 'audit'),
    ],
    bindings: [binding],
    tiers: [
      { key: 'team', flags: [] },
      { key: 'pro', flags: [] },
    ],
    gates: [{ id: 'g1', permissions: ['**:report'], tier: 'pro', flags: ['reports'] }],
    denies: [deny('d1', null, { from: at(14), until: at(16) }), deny('d2', use('small_hours'), ALWAYS)],
    stepUps: [{ id: 's1', permissions: ['**:pay'], acr: [], maxAuthAgeSeconds: 3600 }],
  };
}

function assignment(role: string, more: Partial<RoleAssignment>): RoleAssignment {
  return { id: `as-${role}`, group: null, role, unit: null, condition: null, valid: ALWAYS, state: 'active', ...more };
}

function grant(valid: TimeWindow): ResourceGrant {
  const resource = { type: 'invoice', ids: ['i1'], path: null };
  return {
    id: 'gr1',
    group: null,
    role: null,
    permissions: ['billing:invoice:read'],
    resource,
    unit: null,
    condition: null,
    valid,
  };
}

function claims(authTime: number | null): TokenClaims {
  return { issuer: 'idp', roles: [], groups: [], acr: null, amr: [], authTime };
}

function questionOf(policy: PolicyVersion, facts: Partial<SubjectFacts>): Question {
  return {
    policy,
    application,
    facts: {
      ...{
        tenantId: 't1',
        tenantStatus: 'active',
        tenantBoundary: null,
        tenantAttributes: {},
        epoch: 1,
        subject: null,
        groups: [],
        nesting: [],
      },
      ...{ assignments: [], grants: [], subscriptions: [], flags: [] },
      ...facts,
    },
    external: { values: new Map(), unavailable: new Set(), validUntil: null },
    claims: claims(null),
    context: null,
    boundary: ['**'],
    ceiling: null,
    scope: null,
    unit: null,
  };
}
