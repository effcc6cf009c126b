/**
 * Hides how a caller proves who it is, or that it holds a key, without a shared secret: forms, algorithms, clock rules.
 * Called by Managers. Judges and reports; it never throws for a bad proof. Single use is not judged here: the caller of these
 * operations asks for it with the id that they answer.
 */
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';

export interface ProofRefusal {
  readonly accepted: false;
  readonly code: ErrorCode;
  /** For operators; never the proof itself. */
  readonly actual: string;
  readonly expected: string;
}

/** Single use as `GrantsAccess.useOnce` is asked for it. */
export interface OnceOnly {
  readonly id: string;
  /** Unix seconds. */
  readonly until: number;
}

/** RFC 7523 §3, narrowed: `aud` is our issuer alone, life at most 60 s, `iss` = `sub` = the client id. */
export type AssertionVerdict = { readonly accepted: true; readonly once: OnceOnly } | ProofRefusal;

/** A token of a trusted issuer in the place of a client's secret. It lives until it ends, and may be used again. */
export type FederatedVerdict = { readonly accepted: true; readonly issuer: string } | ProofRefusal;

/** The certificate of a TLS client, whose key was proven in the handshake. */
export interface ShownCertificate {
  readonly der: Uint8Array;
  /** Whether its chain ends in an authority that is configured for clients. */
  readonly chainIsTrusted: boolean;
}

export type CertificateVerdict =
  { readonly accepted: true; readonly method: 'tls_client_auth' | 'self_signed_tls_client_auth' } | ProofRefusal;

/** RFC 9449 §4.3. `nonce`: the one in the proof, not judged here; `null`: it has none. */
export type DpopVerdict =
  | {
      readonly accepted: true;
      readonly confirmation: { readonly jkt: string };
      readonly once: OnceOnly;
      readonly nonce: string | null;
    }
  | ProofRefusal;

export interface DpopExpectation {
  readonly proof: string;
  /** `htm`, as the request has it. */
  readonly method: string;
  /** `htu`: our own idea of the URI of the request, without query and fragment; never built from a header that a caller sends. */
  readonly uri: string;
  /** Access token that the proof has to be for (`ath`); `null`: a token request. */
  readonly accessToken: string | null;
}

export interface CallerProofs {
  /** Who an assertion says that it is from, unverified: to look the client up by, and for nothing else. */
  claimedClient(assertion: string): string | undefined;

  /** Judges an assertion that the client signed with a key of its registration. */
  judgeAssertion(context: CallContext, client: RegisteredClient, assertion: string): AssertionVerdict;

  /**
   * Judges a token of a trusted issuer against what the client's registration expects of it.
   *
   * @throws CodedError `STORE_UNAVAILABLE`, `ISSUER_KEYS_UNAVAILABLE`
   */
  judgeFederated(context: CallContext, client: RegisteredClient, assertion: string): Promise<FederatedVerdict>;

  /** Judges the certificate of a TLS client by the methods that the client is registered with. RFC 8705 §2. */
  judgeCertificate(context: CallContext, client: RegisteredClient, certificate: ShownCertificate): CertificateVerdict;

  /**
   * Judges a DPoP proof: form, key, signature, and that it is for this request and of this moment (`iat` at most 120 s ago and 60 s
   * ahead). Whether its nonce is a fresh one of ours is for the caller to find out.
   */
  judgeDpop(context: CallContext, expectation: DpopExpectation): DpopVerdict;

  /** What is wrong with a public key that a client is to be registered with; `null`: nothing. Never repeats anything of the key. */
  problemOfKey(jwk: Readonly<Record<string, unknown>>): string | null;
}

export const CALLER_PROOFS: unique symbol = Symbol('CallerProofs');
