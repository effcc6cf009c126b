import type { KnownCause } from './contract.js';
import type { Reader } from './readers.js';

const ENDPOINT = 'The answer of the endpoint: error_description, and what its log has at that moment.';

type Told = Pick<KnownCause, 'cause' | 'remedy'> & Partial<KnownCause>;

function word(code: string, told: Told): KnownCause {
  return { code, evidence: ENDPOINT, retry: 'never', fixedBy: 'client-developer', source: 'RFC 6749 §5.2', ...told };
}

/** What the standard words of OAuth say, where nothing says more. */
export const OAUTH_WORDS: ReadonlyMap<string, KnownCause> = new Map([
  [
    'invalid_client',
    word('OAUTH_INVALID_CLIENT', {
      cause: 'The client is unknown, or did not prove itself as it is registered to.',
      remedy: [
        'Check client id, the kind of credential, and that it has not ended.',
        'In a Basic header, client id and secret are percent-encoded first (RFC 6749 §2.3.1).',
      ],
    }),
  ],
  [
    'invalid_grant',
    word('OAUTH_INVALID_GRANT', {
      cause: 'What was handed in (code, refresh token, assertion) has ended, was used, was revoked, or is for another client.',
      remedy: ['Acquire it anew; do not try again with the same one.'],
      retry: 'after-sign-in',
    }),
  ],
  [
    'unauthorized_client',
    word('OAUTH_UNAUTHORIZED_CLIENT', {
      cause: 'The client may not use this grant.',
      remedy: ['Have the grant enabled for the client, or use another.'],
    }),
  ],
  [
    'unsupported_grant_type',
    word('OAUTH_UNSUPPORTED_GRANT_TYPE', {
      cause: 'The endpoint does not know this grant_type.',
      remedy: ['Compare grant_type to the letter with grant_types_supported of the metadata.'],
    }),
  ],
  [
    'invalid_scope',
    word('OAUTH_INVALID_SCOPE', {
      cause: 'The scope is unknown, malformed, or more than may be had.',
      remedy: ['Ask for less, or for scopes of one API.'],
    }),
  ],
  [
    'invalid_target',
    word('OAUTH_INVALID_TARGET', {
      cause: 'The audience or resource is unknown, or not one that this client may ask for.',
      remedy: ['Compare audience and resource to the letter with the registered ones.'],
      source: 'RFC 8693 §2.2.2, RFC 8707 §2',
    }),
  ],
  [
    'invalid_token',
    word('OAUTH_INVALID_TOKEN', {
      cause: 'The API refused the token: it ended, is for another audience, or is of an issuer that the API does not trust.',
      remedy: ['Look at the token: countersign token inspect.', 'Acquire a new one for this API and try once more.'],
      source: 'RFC 6750 §3.1',
    }),
  ],
  [
    'insufficient_scope',
    word('OAUTH_INSUFFICIENT_SCOPE', {
      cause: 'The token is good and does not allow this request.',
      remedy: ['Ask for the scope that the answer names.'],
      source: 'RFC 6750 §3.1',
    }),
  ],
  [
    'insufficient_user_authentication',
    word('OAUTH_STEP_UP_REQUIRED', {
      cause: 'The request needs a stronger or fresher sign-in of the user.',
      remedy: ['Let the user sign in with acr_values and max_age of the answer, then come back with the new token.'],
      source: 'RFC 9470 §3',
      retry: 'after-sign-in',
      fixedBy: 'user',
    }),
  ],
  [
    'use_dpop_nonce',
    word('OAUTH_DPOP_NONCE_WANTED', {
      cause: 'The server wants its nonce in the DPoP proof.',
      remedy: ['Make a new proof with the DPoP-Nonce of the answer.'],
      source: 'RFC 9449 §8',
      retry: 'again',
    }),
  ],
  [
    'invalid_dpop_proof',
    word('OAUTH_DPOP_PROOF_INVALID', {
      cause: 'The DPoP proof is not for this request, this token, this key, or this moment.',
      remedy: ['Make one proof for each request: htm, htu, ath, iat and jti as they are now.'],
      source: 'RFC 9449 §5',
    }),
  ],
  [
    'temporarily_unavailable',
    word('OAUTH_TEMPORARILY_UNAVAILABLE', {
      cause: 'The server cannot answer for the moment.',
      remedy: ['Wait as Retry-After says, with a random part on top.'],
      source: 'RFC 6749 §4.1.2.1',
      retry: 'again',
      fixedBy: 'nobody',
    }),
  ],
]);

const SAID = /(?:"error"\s*:\s*"|\berror="?|\berror:\s*)([a-z_]{5,40})\b/g;

export const readOAuth: Reader = (text) => {
  const causes = [...new Set([...text.matchAll(SAID)].map(([, said = '']) => said))].flatMap((said) => {
    const known = OAUTH_WORDS.get(said);
    return known === undefined ? [] : [{ known, certainty: 'possible' as const, reading: `error ${said}` }];
  });
  return causes.length === 0 ? undefined : { saidBy: 'unknown', causes };
};
