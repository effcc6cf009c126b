import type { EntraCause } from './entry.js';

const SYMPTOM = [50000];
const ARTICLES = 'learn.microsoft.com: troubleshoot AADSTS50000';

/** One number, six causes: the likeliest first, each with what would show that it is this one. */
export const TOKEN_NOT_ISSUED: readonly EntraCause[] = [
  {
    numbers: SYMPTOM,
    code: 'ENTRA_SYMMETRIC_KEY_ON_API',
    cause: 'A symmetric key lies on the API application or on its service principal, and tokens for it cannot be signed with it.',
    evidence: 'keyCredentials of application or service principal, by Microsoft Graph: type Symmetric, usage Sign.',
    remedy: ['Remove the symmetric key from both objects.', 'If the API needs a key of its own, give it an X.509 certificate.'],
    retry: 'never',
    fixedBy: 'tenant-admin',
    source: ARTICLES,
  },
  {
    numbers: SYMPTOM,
    code: 'ENTRA_ON_BEHALF_OF_PARAMETERS_WRONG',
    cause: 'The on-behalf-of request is not as it has to be, or its token is for somebody else.',
    evidence: 'requested_token_use is not on_behalf_of, or aud of the assertion is not the application that sends it.',
    remedy: [
      'Send grant_type urn:ietf:params:oauth:grant-type:jwt-bearer, requested_token_use on_behalf_of, and the token for your own API.',
      'Check with countersign token inspect whom the token is for.',
    ],
    retry: 'never',
    fixedBy: 'client-developer',
    source: ARTICLES,
  },
  {
    numbers: SYMPTOM,
    code: 'ENTRA_NO_DELEGATED_SCOPE',
    cause:
      'The API has application permissions alone, and is asked for on behalf of a user, or with .default from another tenant.',
    evidence: 'api.oauth2PermissionScopes of the API application is empty.',
    remedy: ['App registration of the API → Expose an API: add a scope; add it to the permissions of the client; consent.'],
    retry: 'never',
    fixedBy: 'client-developer',
    source: ARTICLES,
  },
  {
    numbers: SYMPTOM,
    code: 'ENTRA_SERVICE_PRINCIPAL_NOT_CONSENTED',
    cause: 'The service principal of the API or of the client is missing in the tenant, or a strict consent policy forbids it.',
    evidence: 'Enterprise applications of the tenant do not list it; the flow is consent or device code.',
    remedy: ['Create the service principal or grant admin consent in that tenant.'],
    retry: 'never',
    fixedBy: 'tenant-admin',
    source: `${ARTICLES}; microsoft/navcontainerhelper issue 2390`,
  },
  {
    numbers: SYMPTOM,
    code: 'ENTRA_PASSWORD_OUT_OF_SYNC',
    cause: 'The password of the user has ended or is out of sync, or the session was revoked.',
    evidence: 'It is one user only, and an interactive sign-in asks for a new password.',
    remedy: ['Have the user sign in interactively.', 'Check the synchronisation of the directory.'],
    retry: 'after-sign-in',
    fixedBy: 'user',
    source: ARTICLES,
  },
  {
    numbers: SYMPTOM,
    code: 'ENTRA_WRONG_CLOUD',
    cause: 'The request went to the endpoint of another cloud than the account is in.',
    evidence: 'The host of the token endpoint against the cloud of the tenant.',
    remedy: ['Use the authority of the cloud of the tenant.'],
    retry: 'never',
    fixedBy: 'client-developer',
    source: 'microsoft/vscode-azure-account issue 120',
  },
];
