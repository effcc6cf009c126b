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
    summary: 'A token issued here cannot be exchanged again.',
    cause: 'The iss claim is the issuer of this service.',
    remedy: ['Exchange the original token of the identity provider.'],
  },
  TOKEN_SENDER_CONSTRAINED: {
    summary: 'The subject token is bound to a key and cannot be exchanged as a bearer token.',
    cause: 'The token carries cnf.',
    remedy: ['Exchange a token that is not bound.'],
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
  ISSUER_KEYS_UNAVAILABLE: {
    summary: 'The keys of the issuer cannot be had right now.',
    cause: 'Its discovery or key document could not be fetched, and no earlier key set is kept.',
    remedy: [
      'Try again after the time in Retry-After.',
      'Operator: allow egress to the issuer, and check DNS, proxy and certificates.',
    ],
  },
} as const satisfies Record<string, CatalogueEntry>;
