import type { CatalogueEntry } from '../catalogue-entry.js';

/** Proofs of callers, bound tokens, delegation and revocation. */
export const GRANT_ERRORS = {
  CLIENT_ASSERTION_REPEATED: {
    summary: 'The client assertion was used before.',
    cause: 'A client assertion is for one request: its jti was seen already, here or on another replica.',
    remedy: ['Sign a new assertion, with a new jti, for every request, also for a retry.'],
    source: 'RFC 7523 §3',
  },
  REPLAY_UNCHECKED: {
    summary: 'Whether the proof was used before cannot be told now.',
    cause: 'The store of used ids cannot be asked, or holds as many as it may, and the installation refuses then.',
    remedy: ['Try again later with a new proof.'],
    source: 'RFC 9449 §11.1',
  },
  DPOP_PROOF_INVALID: {
    summary: 'The DPoP proof is not valid for this request.',
    cause: 'Its form, type, algorithm, key, method, URI, age, token hash or signature is wrong, or it was used before.',
    remedy: ['Make a new proof for every request, for its method and its URI without query, with a clock that is right.'],
    source: 'RFC 9449 §4.3',
  },
  DPOP_NONCE_REQUIRED: {
    summary: 'The DPoP proof needs the nonce of this service.',
    cause: 'The proof has no nonce, or one that is too old.',
    remedy: ['Make a new proof with the nonce from the DPoP-Nonce header of this answer.'],
    source: 'RFC 9449 §8',
  },
  CLIENT_CERTIFICATE_NOT_TAKEN: {
    summary: 'A client certificate in a header is not taken from this sender.',
    cause: 'The request has a Client-Cert header, and does not come from a proxy that is listed for this listener.',
    remedy: [
      'Do not send the header: show the certificate in the TLS handshake.',
      'Behind a proxy: list the addresses that it connects from in certificateProxies, and let it remove the header of callers.',
    ],
    source: 'RFC 9440 §4',
  },
  BINDING_REQUIRED: {
    summary: 'Tokens for this client have to be bound to a key.',
    cause: 'The client is registered so, and showed neither a DPoP proof nor a client certificate.',
    remedy: ['Send a DPoP proof, or call over mutual TLS.'],
    source: 'RFC 9449 §5.2',
  },
  BINDING_NOT_SHOWN: {
    summary: 'The token is bound to a key that the caller has not shown.',
    cause: 'The token carries cnf, and no proof of that very key came with the request.',
    remedy: ['Send the DPoP proof, or use the client certificate, of the key that the token is bound to.'],
    source: 'RFC 8705 §3, RFC 9449 §7.1',
  },
  REVOCATIONS_UNKNOWN: {
    summary: 'Whether the token is revoked cannot be told now.',
    cause: 'This process has not been able to confirm revocations for 5 minutes.',
    remedy: ['Try again later.'],
    source: 'RFC 7009 §2',
  },
  REVOCATIONS_FULL: {
    summary: 'Too many single tokens are revoked at the same time.',
    cause: 'Revoked tokens are kept in memory until they end, and there are as many as may be.',
    remedy: ['Revoke the subject, the client or the tenant in the place of the single token.'],
    source: 'RFC 7009 §2',
  },
  TOKEN_REVOKED: {
    summary: 'The token was revoked.',
    cause: 'The token, its subject, its client or its tenant was revoked after the token was issued.',
    remedy: ['Acquire a new token.'],
    source: 'RFC 7009 §2.1',
  },
  ACTOR_TOKEN_INVALID: {
    summary: 'The actor token is not accepted.',
    cause: 'It is not a valid token of a trusted issuer or of this service, or the client is not its rightful presenter.',
    remedy: ['Acquire a new actor token, issued to the client that presents it.'],
    source: 'RFC 8693 §2.2.2',
  },
  DELEGATION_NOT_ALLOWED: {
    summary: 'This actor may not act for this subject at this target.',
    cause: 'No rule lets it: may_act of the subject token, the delegation ceiling, the list of hops, or the pair of tenants.',
    remedy: ['Ask the operator which delegation the registration of the client allows.'],
    source: 'RFC 8693 §4.4',
  },
  DELEGATION_TOO_DEEP: {
    summary: 'The token has been exchanged too often.',
    cause: 'A chain of exchanges may be at most three long, and no actor may be in it twice.',
    remedy: ['Exchange the first token for this target, or shorten the chain of services.'],
    source: 'RFC 8693 §4.1',
  },
  IMPERSONATION_NOT_ALLOWED: {
    summary: 'This client may not impersonate at this target.',
    cause: 'Impersonation needs a permission of its own in the registration of the client.',
    remedy: ['Ask for delegation instead, or ask the operator to allow impersonation.'],
    source: 'RFC 8693 §1.1',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
