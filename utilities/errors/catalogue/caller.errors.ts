import type { CatalogueEntry } from '../catalogue-entry.js';

/** How clients prove themselves without a secret, and how they are administered. */
export const CALLER_ERRORS = {
  CLIENT_ASSERTION_INVALID: {
    summary: 'The client assertion does not prove who calls.',
    cause:
      'There is no such client, it may not authenticate so, or the assertion is not right: its key, algorithm, typ, issuer, subject, audience, times or jti. Which of them is in the log, under the diagnostic id.',
    remedy: [
      'Sign it with a key that is registered for the client, with the algorithm of that key; name the key in kid.',
      'Let iss and sub both be the client id, and aud the issuer of this service as a single string: not the URL of the token endpoint, and no list.',
      'Let it live for at most 60 seconds (exp after iat), make it anew for each request with a new jti, and keep the clock right to within 5 seconds.',
      'For a token of an identity provider: send client_id too, and compare issuer, subject and audience with the registration, exactly. The audience must not be one that subject tokens of that issuer have.',
    ],
    source: 'RFC 7523 §3',
  },
  CLIENT_UNKNOWN: {
    summary: 'There is no such client, or no such secret of it.',
    cause: 'The id is not registered, or the secret was removed already.',
    remedy: ['List the clients; case counts.'],
    source: 'RFC 9110 §15.5.5',
  },
  CLIENT_INVALID: {
    summary: 'The client cannot be registered so.',
    cause: 'The description has faults, or what is asked for does not fit the client. Nothing was changed.',
    remedy: ['Correct every fault that is listed, and send it again.'],
    source: 'RFC 7591 §3.2.2',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
