import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';

/** Users of a custom authorization server of Okta. */
export const OKTA_PRESET: IssuerPreset = {
  name: 'okta',
  issuer: null,
  defaults: {
    // Its access tokens have no typ; what tells them from ID tokens is cid.
    acceptedTypes: ['at+jwt'],
    algorithms: ['RS256'],
    allowMissingType: true,
    claims: { roles: 'roles', groups: 'groups' },
    identityClaims: ['uid'],
    presenterClaims: ['cid'],
    kind: 'auto',
    markerClaims: ['cid'],
    keySource: { from: 'discovery' },
  },
  conditions: [],
  sharedUnless: [],
  traps: [
    'The org authorization server (https://example.okta.com) issues tokens that only Okta may read: use a custom one (…/oauth2/default or your own).',
    'sub is the login of the user, which can be given to somebody else: the identity is uid.',
    'Tokens of services (client credentials) have no uid: let the sub of the authorization server be user.id for users and app.clientId for services, and set identityClaims to sub.',
    'groups appears only where a groups claim is configured on the authorization server, with a filter.',
  ],
};
