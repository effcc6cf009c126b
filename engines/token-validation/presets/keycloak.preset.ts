import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';

/** One realm of Keycloak. */
export const KEYCLOAK_PRESET: IssuerPreset = {
  name: 'keycloak',
  issuer: null,
  defaults: {
    acceptedTypes: ['JWT', 'at+jwt'],
    algorithms: ['RS256'],
    allowMissingType: false,
    claims: { roles: ['realm_access', 'roles'], groups: 'groups' },
    identityClaims: ['sub'],
    presenterClaims: ['azp'],
    kind: 'auto',
    markerClaims: [],
    keySource: { from: 'discovery' },
  },
  // The header says JWT in access, ID, refresh and logout tokens alike; the claim tells them apart.
  conditions: [{ claim: 'typ', oneOf: ['Bearer'] }],
  sharedUnless: [],
  traps: [
    'The default audience is account, which every client of the realm has: add an audience mapper for this service, and list only that.',
    'The issuer follows the host name that the client used unless KC_HOSTNAME is set: fix it, or tokens have several issuers.',
    'Roles of a client are at resource_access, under the client id: name them as ["resource_access", "orders-api", "roles"] where they are meant.',
    'Lightweight access tokens leave roles and sub out: switch them off for clients that exchange here.',
    'preferred_username and email can be changed by the user in many realms: they are display text, and no part of the identity.',
    'The token of a service account has a sub of its own and counts as a user, with the shorter age limit.',
  ],
};
