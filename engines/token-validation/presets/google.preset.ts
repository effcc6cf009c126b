import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';

/** Service accounts of Google Cloud, by the identity tokens that Google signs for them; its access tokens are opaque. */
export const GOOGLE_PRESET: IssuerPreset = {
  name: 'google',
  issuer: 'https://accounts.google.com',
  defaults: {
    acceptedTypes: ['JWT'],
    algorithms: ['RS256'],
    allowMissingType: false,
    claims: { roles: 'roles', groups: 'groups' },
    identityClaims: ['sub'],
    presenterClaims: ['azp'],
    kind: 'auto',
    markerClaims: [],
    keySource: { from: 'discovery' },
  },
  conditions: [],
  sharedUnless: ['sub', 'hd', ['google', 'compute_engine', 'project_number']],
  traps: [
    'Every service account of every project can get a token for any audience: the audience alone proves nothing, and a condition on sub, hd or the project number is needed.',
    'email can be given to another account later, and email_verified says nothing about that: the identity is sub, a number.',
    'Tokens of users that signed in carry at_hash or nonce and are refused: they are ID tokens for their client.',
    'iss may be spelt accounts.google.com, without https, in tokens of old libraries: those are refused.',
    'project_number is there only in tokens that were asked for with format=full.',
  ],
};
