import { hash } from 'node:crypto';
import type { SignatureAlgorithm } from '#accessors/issuer/contract.js';
import type { DpopExpectation, DpopVerdict, ProofRefusal } from '../caller-proofs.contract.js';
import type { Claims } from '../identity-provider.contract.js';
import { verifyJws } from '../jws-signature.js';
import { FORBIDDEN_HEADERS, type JwsHeader, type StrictJws, StrictJwsParser } from '../strict-jws.parser.js';
import { type DpopKey, type DpopKeyReading, readDpopKey } from './dpop-key.js';
import { comparableUri } from './dpop-uri.js';

/** RFC 9449 §4.3 no. 5. */
const DPOP_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const satisfies readonly SignatureAlgorithm[];

/** How long before now a proof may have been made, its sender's clock included, and how far ahead that clock may be. */
const MAX_AGE_SECONDS = 120;
const MAX_AHEAD_SECONDS = 60;
const MAX_ID_LENGTH = 256;
/** Far above any proof with an RSA key of 4096 bits. */
const MAX_PROOF_LENGTH = 6_144;

type Refusal = readonly [actual: string, expected: string];

/** The key of a proof is its own, so it may be in the header: the one place where it is. */
const FORBIDDEN = FORBIDDEN_HEADERS.filter((name) => name !== 'jwk');

/** Judges DPoP proofs (RFC 9449 §4.3). Pure: the time is an argument, and nothing is kept but keys that were read before. */
export class DpopJudge {
  private readonly parser = new StrictJwsParser();
  /** The parser gives the same header for the same text, so a key is imported once for as long as its client comes back. */
  private readonly keys = new WeakMap<JwsHeader, DpopKeyReading>();
  private readonly uris = new Map<string, string | undefined>();

  /** @param now Unix milliseconds */
  judge(expectation: DpopExpectation, now: number): DpopVerdict {
    if (expectation.proof.length > MAX_PROOF_LENGTH)
      return refusal(['too long', `at most ${String(MAX_PROOF_LENGTH)} characters`]);
    const parsed = this.parser.parse(expectation.proof);
    if (!parsed.ok) return refusal([parsed.fault.actual, 'a compact JWS']);
    const { jws } = parsed;
    const headerFault = faultOfHeader(jws.header);
    if (headerFault !== undefined) return refusal(headerFault);
    const reading = this.keyOf(jws.header);
    if (!reading.ok) return refusal([reading.problem, 'the public key of the signature, of at least 2048 bits if RSA']);
    const fault = this.faultOfClaims(jws, expectation, Math.floor(now / 1000)) ?? faultOfSignature(jws, reading.key);
    return fault === undefined ? accepted(jws, reading.key) : refusal(fault);
  }

  private keyOf(header: JwsHeader): DpopKeyReading {
    let reading = this.keys.get(header);
    if (reading === undefined) {
      reading = readDpopKey(header.members['jwk'], header.algorithm ?? '');
      this.keys.set(header, reading);
    }
    return reading;
  }

  private faultOfClaims({ claims }: StrictJws, expectation: DpopExpectation, now: number): Refusal | undefined {
    return (
      faultOfIds(claims) ??
      this.faultOfRequest(claims, expectation) ??
      faultOfTime(claims['iat'], now) ??
      faultOfTokenHash(claims['ath'], expectation.accessToken)
    );
  }

  private faultOfRequest({ htm, htu }: Claims, { method, uri }: DpopExpectation): Refusal | undefined {
    if (htm !== method) return ['htm is another method', method];
    return typeof htu === 'string' && this.isSameUri(htu, uri) ? undefined : ['htu is another URI', uri];
  }

  private isSameUri(htu: string, uri: string): boolean {
    if (htu === uri) return true;
    let ours = this.uris.get(uri);
    if (ours === undefined) {
      ours = comparableUri(uri);
      // Our own URIs: as many as there are routes, and paths with ids in them, which are not worth keeping.
      if (this.uris.size < 64) this.uris.set(uri, ours);
    }
    return ours !== undefined && comparableUri(htu) === ours;
  }
}

function faultOfHeader({ type, algorithm, members }: JwsHeader): Refusal | undefined {
  if (type !== 'dpop+jwt') return ['another typ', 'dpop+jwt'];
  if (!DPOP_ALGORITHMS.some((one) => one === algorithm)) return ['another algorithm', DPOP_ALGORITHMS.join(', ')];
  const forbidden = FORBIDDEN.find((name) => Object.hasOwn(members, name));
  return forbidden === undefined ? undefined : [`header member ${forbidden}`, 'typ, alg and jwk'];
}

function faultOfIds({ jti, nonce }: Claims): Refusal | undefined {
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_ID_LENGTH)
    return ['no usable jti', 'a jti of 1 to 256 characters'];
  return nonce === undefined || typeof nonce === 'string' ? undefined : ['nonce is not a string', 'a nonce of this service'];
}

function faultOfTime(iat: unknown, now: number): Refusal | undefined {
  if (!Number.isSafeInteger(iat)) return ['iat is not a whole number', 'Unix seconds'];
  const age = now - Number(iat);
  if (age > MAX_AGE_SECONDS) return [`iat is ${String(age)} s ago`, `at most ${String(MAX_AGE_SECONDS)} s`];
  return age < -MAX_AHEAD_SECONDS ? [`iat is ${String(-age)} s ahead`, `at most ${String(MAX_AHEAD_SECONDS)} s`] : undefined;
}

/** SECURITY: a proof for a token is for that token alone, and one that names a token is not for a request without. */
function faultOfTokenHash(ath: unknown, accessToken: string | null): Refusal | undefined {
  if (accessToken === null) return ath === undefined ? undefined : ['ath, where no token is used', 'no ath'];
  const expected = hash('sha256', accessToken, 'base64url');
  return ath === expected ? undefined : ['ath is missing or of another token', 'the hash of the access token'];
}

function faultOfSignature(jws: StrictJws, { key }: DpopKey): Refusal | undefined {
  const algorithm = jws.header.algorithm as SignatureAlgorithm;
  const isGood = verifyJws(jws, { kid: '', key, algorithm, keyIssuer: null, cloudInstanceName: null });
  return isGood ? undefined : ['the signature does not verify', 'the signature of the key in jwk'];
}

function accepted({ claims }: StrictJws, { jkt }: DpopKey): DpopVerdict {
  const { jti, iat, nonce } = claims;
  return {
    accepted: true,
    confirmation: { jkt },
    once: { id: String(jti), until: Number(iat) + MAX_AGE_SECONDS },
    nonce: typeof nonce === 'string' ? nonce : null,
  };
}

function refusal([actual, expected]: Refusal): ProofRefusal {
  return { accepted: false, code: 'DPOP_PROOF_INVALID', actual, expected };
}
