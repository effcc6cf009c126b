import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';

const ACCOUNT_UID = ['kubernetes.io', 'serviceaccount', 'uid'] as const;

/** Projected service account tokens of one Kubernetes cluster. */
export const KUBERNETES_PRESET: IssuerPreset = {
  name: 'kubernetes',
  issuer: null,
  defaults: {
    // The API server writes no typ.
    acceptedTypes: ['JWT'],
    algorithms: ['RS256'],
    allowMissingType: true,
    claims: { roles: 'roles', groups: 'groups' },
    identityClaims: [ACCOUNT_UID],
    presenterClaims: [ACCOUNT_UID],
    kind: 'workload',
    markerClaims: [ACCOUNT_UID],
    keySource: { from: 'discovery' },
  },
  conditions: [],
  sharedUnless: [],
  traps: [
    'sub holds namespace and name, which live on when an account is deleted and made again: the identity is its uid.',
    'List an audience of your own and project tokens for it; a token for the API server itself must never be accepted here.',
    'The discovery document of a cluster is often private: upload the keys (kubectl get --raw /openid/v1/jwks), and again after each rotation.',
    'Two clusters may share an issuer by default (https://kubernetes.default.svc.cluster.local): give each its own with --service-account-issuer.',
    'A token lives on when its pod is deleted, until exp: keep expirationSeconds short.',
  ],
};
