import type { CatalogueEntry } from '../catalogue-entry.js';

/** What is wrong with a token that was handed in. */
export const TOKEN_ERRORS = {
  TOKEN_MALFORMED: {
    summary: 'The subject token is not a well-formed compact JWS.',
    cause:
      'Not three base64url parts, not canonical base64url, not UTF-8 JSON objects, a duplicate or forbidden member name, or nested too deep.',
    remedy: [
      'Send the access token exactly as the identity provider returned it: no quotes, no spaces, no line breaks, not cut short.',
      'A token of five parts is encrypted, one without dots is opaque: ask for a token for your own API.',
    ],
    source: 'RFC 7515 §7.1, RFC 8725 §3',
  },
  TOKEN_TOO_LARGE: {
    summary: 'The subject token is larger than 16 KiB.',
    cause: 'Many group or optional claims.',
    remedy: ['Have the identity provider emit only the groups assigned to the application, or app roles instead.'],
  },
  TOKEN_HEADER_FORBIDDEN: {
    summary: 'The header of the subject token has a member that is not accepted.',
    cause: 'The header carries crit, b64, jku, jwk, x5u, x5c, zip or enc. Keys are never taken from a token.',
    remedy: ['Send a plain signed token of the identity provider.', 'If nobody put it there on purpose, treat it as an attack.'],
    source: 'RFC 7515 §4.1.11, RFC 8725 §3.10',
  },
  TOKEN_ALGORITHM_NOT_ALLOWED: {
    summary: 'The signature algorithm of the subject token is not allowed for its issuer.',
    cause: 'The alg header is missing, none, symmetric, misspelt or not on the list of the issuer.',
    remedy: ['Configure the identity provider to sign with an algorithm on the list, or add its algorithm to the issuer.'],
    source: 'RFC 8725 §3.1',
  },
  TOKEN_KEY_ID_MISSING: {
    summary: 'The subject token does not say which key signed it.',
    cause: 'The kid header is absent or not a string.',
    remedy: ['Configure the identity provider to put kid into the header.'],
    source: 'RFC 7515 §4.1.4',
  },
  TOKEN_KEY_UNKNOWN: {
    summary: 'The subject token is signed with a key that its issuer does not publish.',
    cause: 'The kid is not in the key set of the issuer, also after a fresh fetch, or that fetch is held back for now.',
    remedy: [
      'Acquire a new token from the same authority that is registered as the issuer.',
      'If the identity provider has just rotated its keys, try again after half a minute.',
    ],
    source: 'OpenID Connect Core §10.1.1',
  },
  TOKEN_KEY_ISSUER_MISMATCH: {
    summary: 'The key that signed the subject token belongs to another issuer.',
    cause: 'The issuer member of the key, filled in with the tenant of the token, is not the issuer of the token.',
    remedy: ['Treat it as an attack, or as metadata of the wrong authority.'],
    source: 'Microsoft identity platform, access tokens: validate the signing key issuer',
  },
  TOKEN_SIGNATURE_INVALID: {
    summary: 'The signature of the subject token is not valid.',
    cause: 'The token was changed after it was signed, or signed with another key.',
    remedy: ['Acquire a new token and pass it on unchanged.', 'Compare length and hash of the token at sender and receiver.'],
    source: 'RFC 7515 §5.2',
  },
  ISSUER_UNTRUSTED: {
    summary: 'The issuer of the subject token is not trusted here.',
    cause:
      'The iss claim equals no configured issuer exactly; a trailing slash, the token version (v1 or v2) and the tenant count.',
    remedy: [
      'Register the issuer exactly as the iss claim spells it.',
      'For Entra: list the tenant, and check requestedAccessTokenVersion of the API registration.',
    ],
    source: 'RFC 8725 §3.8',
  },
  ISSUER_VERSION_MISMATCH: {
    summary: 'The directory of the subject token is trusted, but not with tokens of this version.',
    cause:
      'Microsoft Entra ID writes another iss into v1 tokens than into v2 tokens, and only the other one of this directory is registered. The version follows requestedAccessTokenVersion of the API registration, not the endpoint that the client called.',
    remedy: [
      'Set requestedAccessTokenVersion in the manifest of the API to the version that is registered, and wait for cached tokens to end.',
      'Or register the directory with the provider entra-id, which owns both versions.',
    ],
    source: 'Microsoft identity platform, access tokens',
  },
  ISSUER_CLOUD_MISMATCH: {
    summary: 'The subject token comes from another cloud or kind of directory than the one that is trusted.',
    cause: 'The directory id is registered, but iss names a host of another national cloud, of External ID or of Azure AD B2C.',
    remedy: ['Use the authority of the cloud that is registered.', 'Or register this authority as an issuer of its own.'],
    source: 'Microsoft identity platform, national clouds',
  },
  TOKEN_FOR_GRAPH: {
    summary: 'This is a token for Microsoft Graph; a token for your own API is needed.',
    cause:
      'Its audience is Microsoft Graph, or its header carries the nonce that only tokens for Microsoft Graph have. Nobody else can verify it.',
    remedy: [
      'Request a scope of your own API (api://…/scope) alone: where Graph scopes stand beside it, the first resource wins.',
      'Call Microsoft Graph with a token of its own, for example by On-Behalf-Of.',
    ],
    source: 'Microsoft identity platform, access tokens',
  },
  TOKEN_FOR_OTHER_RESOURCE: {
    summary: 'This is a token for another Azure service; a token for your own API is needed.',
    cause: 'Its audience is Azure Resource Manager, Key Vault, or the exchange of federated credentials.',
    remedy: ['Ask for your own API: az account get-access-token --resource api://…, or the scope api://…/.default.'],
  },
  TOKEN_AUDIENCE_MISMATCH: {
    summary: 'The subject token is meant for another audience.',
    cause: 'No value of aud is on the audience list of the issuer; case and a trailing slash count.',
    remedy: [
      'Ask the identity provider for a token for your own API, not for Microsoft Graph or another resource.',
      'If the audience is yours, add it to the audience list of the issuer.',
    ],
    source: 'RFC 8725 §3.9',
  },
  TOKEN_CLAIM_INVALID: {
    summary: 'A claim of the subject token is missing or has the wrong form.',
    cause: 'A claim that the rules need (iss, sub, aud, exp, iat, or for Entra tid, oid, ver) is absent, or is not of its type.',
    remedy: ['Acquire a new token; if it has the same fault, correct the configuration of the identity provider.'],
    source: 'RFC 7519 §4.1',
  },
  TOKEN_EXPIRED: {
    summary: 'The subject token has expired.',
    cause: 'exp is in the past. No skew is allowed on it.',
    remedy: ['Acquire a fresh token before each exchange.', 'Check the clock of the host if tokens seem to expire early.'],
    source: 'RFC 7519 §4.1.4',
  },
  TOKEN_EXPIRES_TOO_SOON: {
    summary: 'The subject token has less than 30 seconds left.',
    cause: 'An issued token never outlives its subject token, and a token of a few seconds serves nobody.',
    remedy: ['Renew the token when a minute or more is left.'],
  },
  TOKEN_NOT_YET_VALID: {
    summary: 'The subject token is not valid yet.',
    cause: 'nbf or iat is in the future by more than the skew allowed for the issuer.',
    remedy: ['Check that the clocks of this host and of the identity provider agree.'],
    source: 'RFC 7519 §4.1.5',
  },
  TOKEN_TOO_OLD: {
    summary: 'The subject token was issued too long ago.',
    cause: 'Its iat is older than max_subject_token_age of its issuer for this kind of subject.',
    remedy: ['Acquire a fresh token.', 'If long-lived tokens are meant to be accepted, raise maxTokenAgeSeconds of the issuer.'],
  },
  TOKEN_TYPE_MISMATCH: {
    summary: 'The typ header of the subject token is not one that its issuer uses for access tokens.',
    cause: 'A token of another kind was sent, or the issuer uses a typ that is not configured.',
    remedy: [
      'Send an access token.',
      'If the issuer marks access tokens differently, add the value to acceptedTypes of the issuer.',
    ],
    source: 'RFC 8725 §3.11',
  },
  TOKEN_IS_ID_TOKEN: {
    summary: 'This is an ID token; an access token is needed.',
    cause: 'The token carries nonce, at_hash or c_hash, or has the claims of an ID token of Entra.',
    remedy: ['In the client, use the access token field of the response, and request a scope of the API.'],
    source: 'OpenID Connect Core §2',
  },
  TOKEN_IS_OURS: {
    summary: 'This is a token that was issued here; one of an identity provider is needed.',
    cause: 'The iss claim is the issuer of this service.',
    remedy: ['Send the original token of the identity provider. To pass on a token that was issued here, exchange it.'],
  },
  TOKEN_SENDER_CONSTRAINED: {
    summary: 'The subject token is bound to a key that the caller has not shown.',
    cause: 'The token carries cnf, and no proof of that very key came with the request: it is not a bearer token.',
    remedy: ['Send the DPoP proof, or use the client certificate, of the key that the token is bound to.'],
    source: 'RFC 7800 §3, RFC 9449 §6',
  },
  TOKEN_TENANT_MISMATCH: {
    summary: 'The tenant of the subject token does not agree with its issuer.',
    cause: 'The tid claim is not the tenant in the iss claim, or is not on the list.',
    remedy: ['Acquire the token from the tenant that is registered.', 'If tid and iss disagree, treat it as an attack.'],
  },
  TOKEN_PRESENTER_CONFLICT: {
    summary: 'The subject token names two different clients.',
    cause: 'Both client_id and azp are there and differ.',
    remedy: ['Correct the claim mapping of the identity provider.'],
    source: 'RFC 9068 §2.2, OpenID Connect Core §2',
  },
  TOKEN_PRESENTER_MISMATCH: {
    summary: 'The client is not a rightful presenter of this subject token.',
    cause: 'The token was issued neither to the client, nor to a client listed for it, nor for its own API.',
    remedy: [
      'Let the client that the token was issued to exchange it.',
      'Or register the presenter: the azp or appid of the token under presents.own or presents.listed, or the audience of the API under presents.audiences.',
    ],
  },
  TOKEN_CONDITION_UNMET: {
    summary: 'The subject token is genuine, but a condition of its issuer does not hold.',
    cause: 'A claim that the operator made a condition of trust is absent or has another value.',
    remedy: ['Use an account, repository or workload that the condition names, or have the operator change the condition.'],
  },
  TOKEN_KIND_NOT_ACCEPTED: {
    summary: 'The subject token is genuine, but tokens of this kind are not accepted from its issuer.',
    cause:
      'Tokens of users, of applications or without idtyp are switched off for the issuer; tokens of devices are never accepted.',
    remedy: [
      'For software that signs in as itself: define an app role with member type Application and have it accepted, or use a flow with a user.',
      'For users: request a delegated scope. For the kind to be certain: add the optional claim idtyp to the API registration.',
    ],
  },
  TOKEN_PERSONAL_ACCOUNT: {
    summary: 'Personal Microsoft accounts are not accepted.',
    cause: 'The user signed in with a personal account, and the sign-in audience of the application includes those.',
    remedy: ['Sign in with a work or school account.', 'Or have the operator accept personal accounts.'],
  },
  TOKEN_GUEST_REFUSED: {
    summary: 'Guests of the directory are not accepted.',
    cause: 'The home of the user is another directory (acct or idp says so).',
    remedy: ['Sign in with an account of the directory itself.', 'Or have the operator accept guests.'],
  },
  TOKEN_AGENT_REFUSED: {
    summary: 'Agent identities are not accepted.',
    cause: 'The token was issued to, or is about, an agent identity.',
    remedy: ['Have the operator accept agents, with permissions of their own.'],
  },
  TOKEN_APP_WITHOUT_ROLES: {
    summary: 'The application has no role for this API.',
    cause: 'Every application of the directory can get a token without roles, so such a token proves nothing.',
    remedy: [
      'Assign an app role (member type Application) of the API to the application and grant admin consent.',
      'Switch on "assignment required" for the API.',
    ],
    source: 'Microsoft identity platform, client credentials flow',
  },
  TOKEN_WITHOUT_SERVICE_PRINCIPAL: {
    summary: 'The application has no service principal in the directory.',
    cause: 'An app-only token without oid: the client is not registered in the directory that issued it.',
    remedy: ['Create the enterprise application in the directory, grant admin consent, and acquire a new token.'],
    source: 'Microsoft Entra, deprecation of service-principal-less authentication',
  },
  TOKEN_SCOPE_MISSING: {
    summary: 'The subject token lacks a scope that its issuer is registered with.',
    cause: 'The client requested another scope, or nobody consented to this one, or the token is older than the consent.',
    remedy: ['Request the scope of the API, consent to it, and acquire a new token.'],
  },
  TOKEN_ROLE_MISSING: {
    summary: 'The subject token lacks a role that its issuer is registered with.',
    cause: 'The role is not assigned, or was assigned after the token was issued.',
    remedy: [
      'Assign the app role and acquire a new token.',
      'Tokens of managed identities are kept by the platform for up to 24 hours; nothing can force a new one.',
    ],
  },
  TOKEN_PRESENTER_NOT_ALLOWED: {
    summary: 'The client that the subject token was issued to is not on the list of its issuer.',
    cause: 'azp or appid is not among the presenters that the operator listed.',
    remedy: ['Sign in through a listed client, or have the operator list this one.'],
  },
  TOKEN_PRESENTER_WEAK: {
    summary: 'The client that the subject token was issued to did not authenticate strongly enough.',
    cause: 'azpacr or appidacr is below the least that the operator demands, or absent.',
    remedy: ['Let the client authenticate by certificate or federated credential.'],
  },
  TOKEN_STEP_UP_REQUIRED: {
    summary: 'The user has to sign in again with a stronger method.',
    cause:
      'acrs lacks the authentication context that the operator demands, or the directory demands more before it is asked on behalf of the user.',
    remedy: [
      'Where claims are given, acquire a token with them as the claims parameter.',
      'Else have the client declare the capability cp1, or let its users sign in under a policy that demands this context.',
    ],
    source: 'Microsoft identity platform, claims challenge',
  },
  ISSUER_KEYS_UNAVAILABLE: {
    summary: 'The keys of the issuer cannot be had right now.',
    cause: 'Its discovery or key document could not be fetched, and no earlier key set is kept.',
    remedy: [
      'Try again after the time in Retry-After.',
      'Operator: allow egress to the issuer, and check DNS, proxy and certificates.',
    ],
  },
} as const satisfies Record<string, CatalogueEntry>;
