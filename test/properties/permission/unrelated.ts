/** Data and rules that are nobody's who is asked about. */
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import { BASE } from './times.js';

/** It begins and ends while the answers are being relied on. */
const soon = { from: BASE + 10_000, until: BASE + 20_000 };

export function withUnrelatedFacts(facts: SubjectFacts): SubjectFacts {
  const nobody = { unit: null, condition: null, valid: soon };
  const resource = { type: 'invoice', ids: ['i9'], path: null };
  return {
    ...facts,
    assignments: [...facts.assignments, { id: 'x', group: 'others', role: 'r0', state: 'active', ...nobody }],
    grants: [...facts.grants, { id: 'y', group: 'others', role: null, permissions: ['**'], resource, ...nobody }],
    flags: [...facts.flags, { key: 'unrelated', enabled: true, valid: soon }],
  };
}

export function withUnrelatedRules(policy: PolicyVersion): PolicyVersion {
  const rule = { unit: null, condition: null, resource: null, valid: soon };
  return {
    ...policy,
    attributes: [...policy.attributes, { root: 'context', resourceType: null, name: 'unrelated', type: 'int', source: 'pep' }],
    conditions: [...policy.conditions, { key: 'unrelated', expression: 'context.unrelated > 1' }],
    roles: [...policy.roles, { key: 'unrelated', inherits: ['r0'], grants: ['**'], exclude: [] }],
    mappings: [...policy.mappings, { issuer: 'elsewhere', claim: 'roles', value: 'v1', role: 'r0' }],
    bindings: [
      ...policy.bindings,
      { id: 'x1', principal: 'subject:zoe', role: 'r0', permissions: [], ...rule },
      { id: 'x2', principal: 'group:others', role: null, permissions: ['**'], ...rule },
      { id: 'x3', principal: 'role:unrelated', role: 'r0', permissions: [], ...rule },
    ],
    gates: [...policy.gates, { id: 'x4', permissions: ['elsewhere:**'], tier: 'gone', flags: ['off'] }],
    denies: [
      ...policy.denies,
      { id: 'x5', principals: ['subject:zoe', 'group:others'], permissions: ['**'], except: [], condition: null, valid: soon },
      { id: 'x6', principals: ['all'], permissions: ['elsewhere:**'], except: [], condition: null, valid: soon },
    ],
    stepUps: [...policy.stepUps, { id: 'x7', permissions: ['elsewhere:**'], acr: ['gold'], maxAuthAgeSeconds: 1 }],
  };
}
