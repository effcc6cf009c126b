import type { SigningAlgorithm } from '#accessors/key/contract.js';
import type { MintRequest } from '#engines/signing/contract.js';

export const AUDIENCE = 'https://api.example.com/billing';

/** A token as most are: one audience, a few permissions. */
export function mintRequest(algorithm: SigningAlgorithm = 'ES256'): MintRequest {
  const identity = {
    instance: 'entra:public:1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f',
    externalId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
  };
  return {
    kind: 'user',
    identity,
    clientId: 'portal',
    actorClientId: null,
    audience: AUDIENCE,
    algorithm,
    tenant: 'acme',
    permissions: ['billing:invoice:list', 'billing:invoice:read'],
    scope: 'billing:invoice:list billing:invoice:read',
    details: [],
    conditionalCount: 0,
    reference: { identity, issuer: 'contoso', iss: 'https://contoso.test', roles: [], groups: [], conditionalBits: [] },
    acr: null,
    amr: [],
    authTime: null,
    policyVersion: 'main@1',
    epoch: 1,
    lifetimeSeconds: null,
    notAfter: Number.MAX_SAFE_INTEGER,
  };
}
