/**
 * The workload that the limits are about: 200 permissions, 40 roles four deep with wildcards, 2000 subjects with 10,000
 * assignments, of which 30 % have one of 60 conditions. The same in each run.
 */
import { ALWAYS } from '#utilities/time-window/contract.js';
import type { FactValue, RoleAssignment, SubjectFacts } from '#accessors/facts/contract.js';
import { EMPTY_POLICY, type AttributeDeclaration, type PolicyVersion, type RoleDefinition } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PermissionRequest, TokenClaims } from '#engines/permission/contract.js';
import { conditionPairs } from './condition.pairs.js';
import { Random } from './random.js';

export const NOW = Date.UTC(2026, 4, 13, 8, 30, 0);

export interface Workload {
  readonly application: Application;
  readonly policy: PolicyVersion;
  readonly requests: readonly PermissionRequest[];
}

const resources = Array.from({ length: 20 }, (_, index) => `thing${String(index)}`);
const verbs = ['read', 'list', 'create', 'update', 'delete', 'approve', 'export', 'share', 'lock', 'audit'];
const declared = (
  root: AttributeDeclaration['root'],
  source: string,
  names: Readonly<Record<string, string>>,
): AttributeDeclaration[] => Object.entries(names).map(([name, type]) => ({ root, resourceType: null, name, type, source }));

const attributes = [
  ...declared('subject', 'db', { level: 'int', team: 'string' }),
  ...declared('tenant', 'db', { tier: 'string', flags: 'list<string>' }),
  ...declared('session', 'idp', { amr: 'list<string>', auth_time: 'timestamp' }),
  ...declared('context', 'pep', { ip: 'string' }),
];

export function makeWorkload(subjects = 2000, assignmentsEach = 5): Workload {
  const random = new Random(42);
  const application = billing();
  const pairs = conditionPairs(NOW);
  const policy: PolicyVersion = {
    ...EMPTY_POLICY,
    tenantId: 't1',
    set: 'main',
    sequence: 1,
    attributes,
    conditions: pairs.map(({ key, expression }) => ({ key, expression })),
    roles: rolesOf(random),
  };
  const requests = Array.from({ length: subjects }, (_, index): PermissionRequest => ({
    policy,
    application,
    facts: factsOf(random, index, assignmentsEach),
    external: { values: new Map(), unavailable: new Set(), validUntil: null },
    claims: claimsOf(random),
    context: { ip: `10.${String(random.below(16))}.0.${String(random.below(250))}` },
    boundary: ['**'],
    ceiling: null,
    scope: null,
    unit: null,
    now: NOW,
    until: NOW + 600_000,
  }));
  return { application, policy, requests };
}

function billing(): Application {
  return {
    id: 'a1',
    audience: 'https://work.example',
    prefix: 'work',
    permissions: resources.flatMap((resource, at) =>
      verbs.map((verb, index) => ({ name: `work:${resource}:${verb}`, bit: at * verbs.length + index })),
    ),
    allowsEmptyPermissions: true,
    tokenLifetimeSeconds: null,
  };
}

/** Four layers of ten; each inherits from one or two of the layer below. */
function rolesOf(random: Random): readonly RoleDefinition[] {
  return Array.from({ length: 40 }, (_, index): RoleDefinition => {
    const layer = Math.floor(index / 10);
    const below = (): string => `role${String((layer - 1) * 10 + random.below(10))}`;
    return {
      key: `role${String(index)}`,
      inherits: layer === 0 ? [] : [...new Set(random.below(2) === 0 ? [below()] : [below(), below()])],
      grants: Array.from({ length: 1 + random.below(3) }, () => patternOf(random)),
      exclude: random.below(4) === 0 ? [`work:*:${random.of(verbs)}`] : [],
    };
  });
}

function patternOf(random: Random): string {
  const kind = random.below(10);
  if (kind < 1) return `**:${random.of(verbs)}`;
  return kind < 5 ? `work:${random.of(resources)}:*` : `work:${random.of(resources)}:${random.of(verbs)}`;
}

function factsOf(random: Random, index: number, assignmentsEach: number): SubjectFacts {
  const subjectAttributes: Record<string, FactValue> = { level: random.below(6), team: `t${String(random.below(6))}` };
  return {
    tenantId: 't1',
    tenantStatus: 'active',
    tenantBoundary: null,
    tenantAttributes: { tier: random.of(['free', 'team', 'pro']), flags: ['beta', 'reports'].slice(random.below(3)) },
    epoch: 1,
    subject: {
      id: `s${String(index)}`,
      key: `subject${String(index)}`,
      kind: 'user',
      status: 'active',
      attributes: subjectAttributes,
      primaryIdentity: { instance: 'oidc:https://idp.example', externalId: `u${String(index)}` },
    },
    groups: [],
    nesting: [],
    assignments: Array.from({ length: assignmentsEach }, (_, at) => assignmentOf(random, `a${String(index)}-${String(at)}`)),
    grants: [],
    subscriptions: [],
    flags: [],
  };
}

function assignmentOf(random: Random, id: string): RoleAssignment {
  const isConditional = random.below(10) < 3;
  return {
    id,
    group: null,
    role: `role${String(random.below(40))}`,
    unit: null,
    condition: isConditional ? { key: `c${String(random.below(60))}`, params: {} } : null,
    valid: ALWAYS,
    state: 'active',
  };
}

function claimsOf(random: Random): TokenClaims {
  const amr = random.below(2) === 0 ? ['pwd'] : ['pwd', 'mfa'];
  return { issuer: 'idp', roles: [], groups: [], acr: null, amr, authTime: NOW / 1000 - random.below(7200) };
}
