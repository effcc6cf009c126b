import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';

/** An Auth0 tenant whose API uses the RFC 9068 token profile. */
export const AUTH0_PRESET: IssuerPreset = {
  name: 'auth0',
  issuer: null,
  defaults: {
    acceptedTypes: ['at+jwt'],
    algorithms: ['RS256'],
    allowMissingType: false,
    claims: { roles: 'permissions', groups: 'groups' },
    identityClaims: ['sub'],
    presenterClaims: ['client_id', 'azp'],
    kind: 'auto',
    markerClaims: [],
    keySource: { from: 'discovery' },
  },
  conditions: [],
  sharedUnless: [],
  traps: [
    'The issuer ends in a slash: https://example.eu.auth0.com/.',
    'Without an audience in the request the access token is opaque: ask for the identifier of the API.',
    'Set the access token profile of the API to RFC 9068. With the Auth0 profile typ is JWT, as in ID tokens: then set acceptedTypes to JWT and markerClaims to azp.',
    'An API that signs with HS256 shares its secret: switch it to RS256.',
    'sub of a machine-to-machine token is the client id with @clients behind it: it counts as a user, with the shorter age limit, unless kind says workload.',
    'permissions is there only with "Add Permissions in the Access Token"; claims of your own need a URL as their name, which is matched as one name.',
  ],
};
