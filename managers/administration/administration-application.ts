import { EMPTY_POLICY, type PolicyDocument } from '#accessors/policy/contract.js';
import type { ApplicationRegistration } from '#accessors/registration/contract.js';

/** Slug of the tenant that operators are subjects of. No rule of an issuer gives it; a request has to name it. */
export const OPERATORS_TENANT = 'platform';

/** This service as an application of its own: what operators' tokens are issued for. */
export const ADMINISTRATION_APPLICATION: ApplicationRegistration = {
  audience: 'countersign',
  prefix: 'countersign',
  permissions: [
    { name: 'countersign:key:read', description: 'See the keyring and its history' },
    { name: 'countersign:key:rotate', description: 'Rotate signing keys' },
    { name: 'countersign:key:revoke', description: 'Taint and revoke signing keys', risk: 'high' },
    { name: 'countersign:issuer:read', description: 'See trusted issuers, their versions and how they answer' },
    { name: 'countersign:issuer:write', description: 'Draft, activate and disable trusted issuers', risk: 'high' },
    { name: 'countersign:policy:read', description: 'See policies, their history, and what they mean for whom' },
    { name: 'countersign:policy:plan', description: 'Check, test and plan policies' },
    { name: 'countersign:policy:approve', description: 'Agree to the plan of somebody else', risk: 'high' },
    { name: 'countersign:policy:apply', description: 'Put a policy into force, try it out, go back', risk: 'high' },
    {
      name: 'countersign:policy:escalate',
      description: 'Put policies into force that grant what one does not hold',
      risk: 'high',
    },
    { name: 'countersign:client:read', description: 'See clients and when their secrets end' },
    { name: 'countersign:client:write', description: 'Register and disable clients, add and remove secrets', risk: 'high' },
    { name: 'countersign:data:read', description: 'See tenants, subjects, groups, assignments, subscriptions, flags' },
    { name: 'countersign:data:write', description: 'Change them', risk: 'high' },
    { name: 'countersign:decision:read', description: 'See why decisions were made' },
    { name: 'countersign:revocation:read', description: 'See what is revoked' },
    { name: 'countersign:revocation:write', description: 'Revoke tokens, subjects, clients, tenants', risk: 'high' },
  ],
  allowsEmptyPermissions: false,
  // A permission that is taken away is gone with the next token.
  tokenLifetimeSeconds: 300,
};

/** What operators may do; bindings to it are made by the first operator. */
export const OPERATOR_POLICY: PolicyDocument = {
  tenant: OPERATORS_TENANT,
  set: 'main',
  content: {
    ...EMPTY_POLICY,
    roles: [
      { key: 'auditor', inherits: [], grants: ['countersign:*:read'], exclude: [] },
      { key: 'operator', inherits: [], grants: ['countersign:**'], exclude: [] },
    ],
  },
};
