import { describe, expect, it } from '@jest/globals';
import type { RoleDefinition } from '#accessors/policy/contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { WORDS } from './fixtures/words.condition-evaluator.js';
import { policyFaults } from './policy-faults.js';

const CATALOGUE = ['billing:invoice:read', 'billing:invoice:delete', 'billing:report:read'];
const engine = new DefaultPermissionEngine({ conditionEvaluator: WORDS });

const role = (key: string, more: Partial<RoleDefinition> = {}): RoleDefinition => ({
  key,
  inherits: [],
  grants: [],
  exclude: [],
  ...more,
});
const pathsOf = (roles: readonly RoleDefinition[]): readonly string[] =>
  policyFaults({ roles, mappings: [] }, CATALOGUE).map(({ path }) => path);

describe('validating a policy', () => {
  it('accepts a sound policy', () => {
    const roles = [
      role('clerk', { grants: ['billing:invoice:*'], exclude: ['billing:invoice:delete'] }),
      role('lead', { inherits: ['clerk'], grants: ['**:read'] }),
    ];
    const mappings = [{ issuer: 'contoso', claim: 'groups', value: 'fin', role: 'lead' }] as const;
    expect(policyFaults({ roles, mappings }, CATALOGUE)).toEqual([]);
  });

  it('lists every fault with its path', () => {
    const faults = policyFaults(
      {
        roles: [
          role('clerk', { grants: ['billing:invoice:read', 'billing:**:read'], exclude: ['Billing:x'] }),
          role('lead', { inherits: ['nobody'], grants: ['payroll:**'] }),
          role('lead'),
        ],
        mappings: [{ issuer: 'contoso', claim: 'roles', value: 'x', role: 'ghost' }],
      },
      CATALOGUE,
    );
    expect(faults.map(({ path }) => path).sort()).toEqual([
      'mappings[0].role',
      'roles.clerk.exclude[0]',
      'roles.clerk.grants[1]',
      'roles.lead',
      'roles.lead.grants[0]',
      'roles.lead.inherits[0]',
    ]);
  });

  it('finds roles that inherit from themselves, and not those that merely inherit from such a role', () => {
    const faults = pathsOf([
      role('self', { inherits: ['self'] }),
      role('a', { inherits: ['b'] }),
      role('b', { inherits: ['c'] }),
      role('c', { inherits: ['a'] }),
      role('below', { inherits: ['a'] }),
      role('apart'),
    ]);
    expect([...faults].sort()).toEqual(['roles.a.inherits', 'roles.b.inherits', 'roles.c.inherits', 'roles.self.inherits']);
  });

  it('accepts eight steps of inheritance and refuses nine, by the longest way', () => {
    const chain = (steps: number): RoleDefinition[] =>
      Array.from({ length: steps + 1 }, (_, step) => role(`r${step}`, { inherits: step === 0 ? [] : [`r${step - 1}`, 'r0'] }));
    expect(pathsOf(chain(8))).toEqual([]);
    expect(pathsOf(chain(9))).toEqual(['roles.r9.inherits']);
  });

  it('is not exhausted by a chain of many thousand roles', () => {
    const chain = Array.from({ length: 5000 }, (_, step) => role(`r${step}`, { inherits: step === 0 ? [] : [`r${step - 1}`] }));
    expect(pathsOf(chain)).toHaveLength(5000 - 9);
  });
});

describe('validating patterns outside a policy', () => {
  it('checks them against a catalogue, or their form alone', () => {
    const patterns = ['billing:invoice:*', 'billing:order:*', 'billing:**:read'];
    expect(engine.validatePatterns(patterns, CATALOGUE).map(({ path }) => path)).toEqual(['[1]', '[2]']);
    expect(engine.validatePatterns(patterns, null).map(({ path }) => path)).toEqual(['[2]']);
  });
});
