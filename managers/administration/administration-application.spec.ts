import { describe, expect, it } from '@jest/globals';
import type { Application } from '#accessors/registration/contract.js';
import { ADMINISTRATION_APPLICATION, OPERATOR_POLICY } from './administration-application.js';
import { permissionEngine, policyLanguage } from './fixtures/import-world.fixture.js';

const APPLICATION: Application = {
  ...ADMINISTRATION_APPLICATION,
  id: 'countersign',
  permissions: ADMINISTRATION_APPLICATION.permissions.map((permission, bit) => ({ ...permission, bit })),
};

const ALWAYS = { from: null, until: null };

function heldBy(role: string): readonly string[] {
  const now = Date.parse('2026-05-13T08:30:00Z');
  const decision = permissionEngine.effectivePermissions({
    policy: { ...OPERATOR_POLICY.content, tenantId: 'platform', set: 'main', sequence: 1 },
    application: APPLICATION,
    facts: {
      tenantId: 'platform',
      tenantStatus: 'active',
      tenantBoundary: null,
      tenantAttributes: {},
      epoch: 1,
      subject: null,
      groups: [],
      nesting: [],
      assignments: [{ id: 'a', group: null, role, unit: null, condition: null, valid: ALWAYS, state: 'active' }],
      grants: [],
      subscriptions: [],
      flags: [],
    },
    external: { values: new Map(), unavailable: new Set(), validUntil: null },
    claims: { issuer: '', roles: [], groups: [], acr: null, amr: [], authTime: null },
    context: null,
    boundary: ['**'],
    ceiling: null,
    scope: null,
    unit: null,
    now,
    until: now,
  });
  return decision.effect === 'granted' ? decision.permissions : [];
}

describe('What operators may do', () => {
  it('is a policy without faults', () => {
    const surroundings = { applications: [APPLICATION], issuers: [], factSources: [] };
    expect(policyLanguage.lint(OPERATOR_POLICY.content, surroundings).faults).toEqual([]);
  });

  it('an operator does everything', () => {
    expect(heldBy('operator')).toEqual(ADMINISTRATION_APPLICATION.permissions.map(({ name }) => name).toSorted());
  });

  it('an auditor reads, and changes nothing', () => {
    expect(heldBy('auditor')).toEqual([
      'countersign:client:read',
      'countersign:data:read',
      'countersign:decision:read',
      'countersign:issuer:read',
      'countersign:key:read',
      'countersign:policy:read',
      'countersign:revocation:read',
    ]);
  });

  it('whatever puts something into force is grave', () => {
    const grave = ADMINISTRATION_APPLICATION.permissions.filter(({ risk }) => risk === 'high').map(({ name }) => name);
    expect(grave).toEqual([
      'countersign:key:revoke',
      'countersign:issuer:write',
      'countersign:policy:approve',
      'countersign:policy:apply',
      'countersign:policy:escalate',
      'countersign:client:write',
      'countersign:data:write',
      'countersign:revocation:write',
    ]);
  });
});
