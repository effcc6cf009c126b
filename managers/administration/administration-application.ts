import type { PolicyDocument } from '#accessors/policy/contract.js';
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
    { name: 'countersign:key:revoke', description: 'Taint and revoke signing keys' },
  ],
  allowsEmptyPermissions: false,
  // A permission that is taken away is gone with the next token.
  tokenLifetimeSeconds: 300,
};

/** What operators may do; bindings to it are made by the first operator. */
export const OPERATOR_POLICY: PolicyDocument = {
  tenant: OPERATORS_TENANT,
  set: 'main',
  roles: [
    { key: 'operator', inherits: [], grants: ['countersign:**'], exclude: [] },
    { key: 'auditor', inherits: [], grants: ['countersign:*:read'], exclude: [] },
  ],
  mappings: [],
};
