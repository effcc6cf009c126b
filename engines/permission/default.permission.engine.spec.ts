import { describe, expect, it } from '@jest/globals';
import type { PolicyVersion, RoleDefinition } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PermissionDecision, PermissionRequest, TokenClaims } from './contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { assignment, claimsOf, factsOf, NO_EXTERNAL, NOON, policyOf, rolesOf, SUBJECT } from './fixtures/question.fixture.js';
import { WORDS } from './fixtures/words.condition-evaluator.js';

const INVOICES = ['billing:invoice:create', 'billing:invoice:delete', 'billing:invoice:read'];
const NAMES = [...INVOICES, 'billing:report:export', 'billing:report:read'];

const application = (names: readonly string[] = NAMES, more: Partial<Application> = {}): Application => ({
  id: 'a1',
  audience: 'https://api.acme.test/billing',
  prefix: 'billing',
  permissions: names.map((name, bit) => ({ name, bit })),
  allowsEmptyPermissions: false,
  tokenLifetimeSeconds: null,
  ...more,
});

const policy = (roles: Record<string, Partial<RoleDefinition>>, mappings: PolicyVersion['mappings'] = []): PolicyVersion =>
  policyOf({ roles: rolesOf(roles), mappings });

const ROLES = policy(
  {
    clerk: { grants: ['billing:invoice:*'], exclude: ['billing:invoice:delete'] },
    lead: { inherits: ['clerk'], grants: ['billing:report:read'] },
    analyst: { grants: ['billing:report:**'] },
  },
  [
    { issuer: 'contoso', claim: 'roles', value: 'Orders.Read.All', role: 'clerk' },
    { issuer: 'contoso', claim: 'groups', value: 'fin', role: 'analyst' },
    { issuer: 'keycloak', claim: 'roles', value: 'admin', role: 'analyst' },
  ],
);

const BILLING = application();

type Wanted = Omit<Partial<PermissionRequest>, 'facts' | 'claims'> & {
  readonly roles?: readonly string[];
  readonly claims?: Partial<TokenClaims>;
};

function request({ roles, claims, ...more }: Wanted = {}): PermissionRequest {
  return {
    policy: ROLES,
    application: BILLING,
    facts: factsOf({ assignments: (roles ?? ['clerk']).map((role) => assignment(role)) }),
    external: NO_EXTERNAL,
    claims: claimsOf(claims ?? {}),
    context: null,
    boundary: ['billing:**'],
    ceiling: null,
    scope: null,
    unit: null,
    now: NOON,
    until: NOON + 600_000,
    ...more,
  };
}

const engine = new DefaultPermissionEngine({ conditionEvaluator: WORDS });
const decide = (more?: Wanted): PermissionDecision => engine.effectivePermissions(request(more));
const permissionsOf = (decision: PermissionDecision): readonly string[] =>
  decision.effect === 'granted' ? decision.permissions : [];
const codeOf = (decision: PermissionDecision): string => (decision.effect === 'granted' ? 'granted' : decision.code);
const scopeOf = (decision: PermissionDecision): string => (decision.effect === 'granted' ? decision.scope : `(${decision.code})`);

describe('PermissionEngine: what the subject holds', () => {
  it('grants what the roles grant, sorted, with the names as scope', () => {
    expect(decide()).toEqual({
      effect: 'granted',
      permissions: ['billing:invoice:create', 'billing:invoice:read'],
      scope: 'billing:invoice:create billing:invoice:read',
      conditional: [],
      details: [],
      validUntil: null,
    });
  });

  it('an exclusion takes from its own role, not from other roles and not from inherited grants', () => {
    const roles = policy({
      all: { grants: ['billing:invoice:*'] },
      less: { inherits: ['all'], grants: ['billing:**'], exclude: ['billing:invoice:delete', 'billing:report:*'] },
      own: { grants: ['billing:**'], exclude: ['**:delete'] },
    });
    expect(permissionsOf(decide({ policy: roles, roles: ['less'] }))).toEqual(INVOICES);
    expect(permissionsOf(decide({ policy: roles, roles: ['own'] }))).not.toContain('billing:invoice:delete');
    expect(permissionsOf(decide({ policy: roles, roles: ['own', 'all'] }))).toContain('billing:invoice:delete');
  });

  it('inherits over several steps', () => {
    expect(permissionsOf(decide({ roles: ['lead'] }))).toEqual([
      'billing:invoice:create',
      'billing:invoice:read',
      'billing:report:read',
    ]);
  });

  it('maps claims of the right issuer by exact value', () => {
    const claims = (issuer: string, role: string) => ({ roles: [], claims: { issuer, roles: [role], groups: [] } });
    expect(permissionsOf(decide(claims('contoso', 'Orders.Read.All')))).toEqual([
      'billing:invoice:create',
      'billing:invoice:read',
    ]);
    expect(codeOf(decide(claims('contoso', 'orders.read.all')))).toBe('PERMISSION_NONE');
    expect(codeOf(decide(claims('contoso', 'Orders.Read.All ')))).toBe('PERMISSION_NONE');
    expect(codeOf(decide(claims('contoso', 'fin')))).toBe('PERMISSION_NONE');
    expect(codeOf(decide(claims('keycloak', 'Orders.Read.All')))).toBe('PERMISSION_NONE');
    expect(codeOf(decide(claims('contoso', '__proto__')))).toBe('PERMISSION_NONE');
  });

  it('maps groups', () => {
    const decision = decide({ roles: [], claims: { issuer: 'contoso', roles: [], groups: ['other', 'fin'] } });
    expect(permissionsOf(decision)).toEqual(['billing:report:export', 'billing:report:read']);
  });

  it('ignores roles that the policy does not know, and says so to operators alone', () => {
    expect(permissionsOf(decide({ roles: ['clerk', 'gone'] }))).toHaveLength(2);
    const refused = decide({ roles: ['gone', 'toString'] });
    expect(refused).toMatchObject({
      effect: 'refused',
      code: 'PERMISSION_NONE',
      because: expect.stringContaining('gone (not in the policy)'),
    });
    expect(refused).not.toHaveProperty('actual');
  });

  it('answers with the very same frozen object for the same set', () => {
    const first = decide();
    const second = decide({ roles: [], claims: { issuer: 'contoso', roles: ['Orders.Read.All'], groups: [] } });
    expect(second).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    expect(Object.isFrozen(permissionsOf(first))).toBe(true);
  });

  it('keeps applications and policy versions apart', () => {
    const other = application(['billing:invoice:read', 'billing:order:read']);
    expect(permissionsOf(decide({ application: other }))).toEqual(['billing:invoice:read']);
    expect(permissionsOf(decide({ policy: policy({ clerk: { grants: ['billing:report:read'] } }) }))).toEqual([
      'billing:report:read',
    ]);
    expect(permissionsOf(decide())).toHaveLength(2);
  });

  it('works over more than one word of bits', () => {
    const names = Array.from({ length: 100 }, (_, index) => `billing:r${String(index).padStart(3, '0')}:read`);
    const roles = policy({ edge: { grants: ['billing:r031:read', 'billing:r032:read', 'billing:r063:read', 'billing:r099:*'] } });
    const decision = decide({ application: application(names), policy: roles, roles: ['edge'] });
    expect(permissionsOf(decision)).toEqual(['billing:r031:read', 'billing:r032:read', 'billing:r063:read', 'billing:r099:read']);
  });

  it('gives no permission away when two of them share a stored bit', () => {
    const clash = application([]);
    const shared = { ...clash, permissions: NAMES.map((name) => ({ name, bit: 0 })) };
    expect(permissionsOf(decide({ application: shared }))).toEqual(['billing:invoice:create', 'billing:invoice:read']);
  });
});

describe('PermissionEngine: a policy that should never have been stored', () => {
  it('a role with an exclusion that cannot be read grants nothing of its own', () => {
    const roles = policy({
      bad: { grants: ['billing:**'], exclude: ['billing:**:delete'] },
      heir: { inherits: ['bad'], grants: ['**:read'] },
    });
    expect(codeOf(decide({ policy: roles, roles: ['bad'] }))).toBe('PERMISSION_NONE');
    expect(permissionsOf(decide({ policy: roles, roles: ['heir'] }))).toEqual(['billing:invoice:read', 'billing:report:read']);
  });

  it('a grant that cannot be read grants nothing', () => {
    const roles = policy({ bad: { grants: ['billing:**:read', 'billing', '*', 'BILLING:**'] } });
    expect(codeOf(decide({ policy: roles, roles: ['bad'] }))).toBe('PERMISSION_NONE');
  });

  it('a cycle of roles ends', () => {
    const roles = policy({
      a: { inherits: ['b'], grants: ['billing:invoice:read'] },
      b: { inherits: ['a'], grants: ['billing:report:read'] },
    });
    expect(permissionsOf(decide({ policy: roles, roles: ['a'] }))).toEqual(['billing:invoice:read', 'billing:report:read']);
  });

  it('a role that is there twice does not count', () => {
    const once = policy({ clerk: { grants: ['billing:**'] } });
    const twice = { ...once, roles: [...once.roles, ...once.roles] };
    expect(codeOf(decide({ policy: twice }))).toBe('PERMISSION_NONE');
  });
});

describe('PermissionEngine: what is prepared once', () => {
  it('an exclusion of one role does not reach another that shares its list, nor the boundary', () => {
    const list = ['billing:invoice:*'];
    const roles = policy({ less: { grants: list, exclude: ['**:delete'] }, all: { grants: list } });
    const both = { policy: roles, boundary: list };
    expect(permissionsOf(decide({ ...both, roles: ['less'] }))).toEqual(['billing:invoice:create', 'billing:invoice:read']);
    expect(permissionsOf(decide({ ...both, roles: ['all'] }))).toEqual(INVOICES);
  });

  it('a name that is not a permission is not in the catalogue', () => {
    const odd = application(['billing:invoice:read', 'billing:Invoice:read', 'billing', 'billing:**']);
    expect(permissionsOf(decide({ application: odd, policy: policy({ clerk: { grants: ['**'] } }) }))).toEqual([
      'billing:invoice:read',
    ]);
  });
});

describe('PermissionEngine: boundary and ceiling', () => {
  it('the boundary of the client narrows, and an empty one leaves nothing', () => {
    expect(permissionsOf(decide({ boundary: ['billing:*:read'] }))).toEqual(['billing:invoice:read']);
    expect(codeOf(decide({ boundary: [] }))).toBe('PERMISSION_NONE');
    expect(codeOf(decide({ boundary: ['billing:**:read'] }))).toBe('PERMISSION_NONE');
  });

  it('for others only what the delegation ceiling allows may be exercised; an empty ceiling is nothing, none at all is no limit', () => {
    expect(permissionsOf(decide({ ceiling: ['**:read'] }))).toEqual(['billing:invoice:read']);
    expect(codeOf(decide({ ceiling: [] }))).toBe('PERMISSION_NONE');
    expect(permissionsOf(decide({ ceiling: null }))).toHaveLength(2);
  });

  it('everything is within each of several ceilings, and an empty one among them is nothing', () => {
    expect(permissionsOf(decide({ ceilings: [] }))).toHaveLength(2);
    expect(permissionsOf(decide({ ceilings: [['**'], ['**:read']] }))).toEqual(['billing:invoice:read']);
    expect(permissionsOf(decide({ ceiling: ['**'], ceilings: [['**:read']] }))).toEqual(['billing:invoice:read']);
    expect(codeOf(decide({ ceiling: ['**:create'], ceilings: [['**:read']] }))).toBe('PERMISSION_NONE');
    expect(codeOf(decide({ ceilings: [['**'], []] }))).toBe('PERMISSION_NONE');
  });

  it('says to operators which set is the narrow one', () => {
    const refused = decide({ ceiling: [], claims: { issuer: 'contoso', roles: ['Orders.Read.All'], groups: [] } });
    expect(refused).toMatchObject({
      because:
        'assigned roles: clerk; mapped roles: clerk; of 5 permissions held: 2; within the boundary: 5; delegation ceiling: 0',
    });
  });
});

describe('PermissionEngine: requested scope', () => {
  it('a value that is held whole stays as it was sent', () => {
    const roles = ['clerk', 'analyst'];
    expect(scopeOf(decide({ roles, scope: ['billing:report:*'] }))).toBe('billing:report:*');
    expect(scopeOf(decide({ roles, scope: ['billing:report:read', 'billing:invoice:read'] }))).toBe(
      'billing:report:read billing:invoice:read',
    );
  });

  it('a value that is held in part is spelt out, one that is not held is left out', () => {
    const decision = decide({ scope: ['billing:invoice:*', 'billing:report:*'] });
    expect(decision).toEqual({
      effect: 'granted',
      permissions: ['billing:invoice:create', 'billing:invoice:read'],
      scope: 'billing:invoice:create billing:invoice:read',
      conditional: [],
      details: [],
      validUntil: null,
    });
  });

  it('narrows the permissions to what was asked for', () => {
    expect(permissionsOf(decide({ scope: ['billing:invoice:read'] }))).toEqual(['billing:invoice:read']);
  });

  it('values that are sent twice count once, also when a part of another repeats them', () => {
    expect(scopeOf(decide({ scope: ['billing:invoice:read', 'billing:invoice:*', 'billing:invoice:read'] }))).toBe(
      'billing:invoice:read billing:invoice:create',
    );
  });

  it.each(['billing:order:read', 'billing:order:*', 'openid', 'BILLING:invoice:read', 'billing:**:read', '', '*', 'payroll:**'])(
    'refuses %j, which means nothing at the application',
    (value) => {
      expect(decide({ scope: ['billing:invoice:read', value] })).toMatchObject({ code: 'SCOPE_UNKNOWN', actual: value });
    },
  );

  it('refuses a value that reaches outside what the client may ask for, also if only in part', () => {
    const boundary = ['billing:invoice:*'];
    expect(decide({ boundary, scope: ['billing:report:read'] })).toMatchObject({
      code: 'SCOPE_NOT_ALLOWED',
      actual: 'billing:report:read',
    });
    expect(decide({ boundary, scope: ['billing:*:read'] })).toMatchObject({
      code: 'SCOPE_NOT_ALLOWED',
      actual: 'billing:*:read',
    });
    expect(decide({ boundary, scope: ['billing:invoice:read'] })).toMatchObject({ effect: 'granted' });
  });

  it('refuses when nothing that was asked for is held, or none of it may be exercised for others', () => {
    expect(codeOf(decide({ scope: ['billing:report:read'] }))).toBe('SCOPE_NOT_HELD');
    expect(codeOf(decide({ scope: ['billing:invoice:create'], ceiling: ['**:read'] }))).toBe('SCOPE_NOT_HELD');
    expect(codeOf(decide({ scope: [] }))).toBe('SCOPE_NOT_HELD');
  });

  it('shows the caller no more than 128 characters of a faulty value', () => {
    const refused = decide({ scope: ['x'.repeat(5000)] });
    expect(refused).toMatchObject({ actual: 'x'.repeat(128) });
  });

  it('keeps its answers right after thousands of different values', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `billing:r${index}:read`);
    const wide = application(names);
    const roles = policy({ all: { grants: ['billing:**'] } });
    for (const name of names) {
      expect(permissionsOf(decide({ application: wide, policy: roles, roles: ['all'], scope: [name] }))).toEqual([name]);
    }
    expect(scopeOf(decide({ application: wide, policy: roles, roles: ['all'], scope: ['billing:r0:*'] }))).toBe('billing:r0:*');
  });
});

describe('PermissionEngine: an application that takes empty tokens', () => {
  const open = application(NAMES, { allowsEmptyPermissions: true });
  const empty = { effect: 'granted', permissions: [], scope: '', conditional: [], details: [], validUntil: null };

  it('grants nothing instead of refusing, with and without scope', () => {
    expect(decide({ application: open, roles: [] })).toEqual(empty);
    expect(decide({ application: open, scope: ['billing:report:read'] })).toEqual(empty);
    expect(decide({ application: application([], { allowsEmptyPermissions: true }) })).toEqual(empty);
  });

  it('still refuses scope that is unknown or not allowed', () => {
    expect(codeOf(decide({ application: open, scope: ['nonsense'] }))).toBe('SCOPE_UNKNOWN');
    expect(codeOf(decide({ application: open, boundary: [], scope: ['billing:report:read'] }))).toBe('SCOPE_NOT_ALLOWED');
  });
});

describe('PermissionEngine: standing of tenant, subject and groups', () => {
  const facts = (tenantStatus: 'active' | 'suspended', status: 'active' | 'disabled') =>
    factsOf({ tenantStatus, subject: { ...SUBJECT, status }, assignments: [assignment('clerk')] });
  const overage = claimsOf({ groups: null });
  const judge = (more: Partial<PermissionRequest>): string => codeOf(engine.effectivePermissions({ ...request(), ...more }));

  it('refuses a suspended tenant first, then a disabled subject, then unknown groups, then scope', () => {
    const scope = ['nonsense'];
    expect(judge({ facts: facts('suspended', 'disabled'), claims: overage, scope })).toBe('TENANT_SUSPENDED');
    expect(judge({ facts: facts('active', 'disabled'), claims: overage, scope })).toBe('SUBJECT_DISABLED');
    expect(judge({ facts: facts('active', 'active'), claims: overage, scope })).toBe('GROUPS_OVERAGE_UNRESOLVED');
    expect(judge({ facts: facts('active', 'active'), scope })).toBe('SCOPE_UNKNOWN');
    expect(judge({ facts: facts('active', 'active') })).toBe('granted');
  });

  it('an application that takes empty tokens does not change that', () => {
    const open = application(NAMES, { allowsEmptyPermissions: true });
    expect(judge({ application: open, facts: facts('suspended', 'active') })).toBe('TENANT_SUSPENDED');
    expect(judge({ application: open, facts: facts('active', 'disabled') })).toBe('SUBJECT_DISABLED');
    expect(judge({ application: open, claims: overage })).toBe('GROUPS_OVERAGE_UNRESOLVED');
  });

  it('unknown groups do not matter where no group of this issuer is mapped', () => {
    expect(codeOf(decide({ claims: { ...overage, issuer: 'keycloak' } }))).toBe('granted');
    expect(codeOf(decide({ claims: { ...overage, issuer: 'stranger' } }))).toBe('granted');
  });

  it('a subject that nobody registered has its mapped roles', () => {
    expect(codeOf(decide({ roles: [], claims: { issuer: 'contoso', roles: ['Orders.Read.All'], groups: [] } }))).toBe('granted');
  });
});
