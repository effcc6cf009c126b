import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';

/** JWT-SVIDs of one SPIFFE trust domain. */
export const SPIFFE_PRESET: IssuerPreset = {
  name: 'spiffe',
  issuer: null,
  defaults: {
    acceptedTypes: ['JWT', 'JOSE'],
    algorithms: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'],
    allowMissingType: true,
    claims: { roles: 'roles', groups: 'groups' },
    identityClaims: ['sub'],
    presenterClaims: ['sub'],
    kind: 'workload',
    markerClaims: [],
    keySource: { from: 'discovery' },
  },
  conditions: [],
  sharedUnless: [],
  traps: [
    'A JWT-SVID need not have iss, and without it nobody is trusted: set jwt_issuer in the SPIRE server.',
    'The keys are those of the trust domain: let the SPIRE OIDC discovery provider publish them, or upload its bundle as a plain JWK set.',
    'An SVID is a bearer token whose audience may list several services, each of which could use it: request it for one audience.',
    'SPIFFE ids are names: whoever registers entries in SPIRE decides who gets which.',
  ],
};
