import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { VerificationKey } from '#accessors/issuer/contract.js';
import type { AssertionVerdict, ProofRefusal } from '../caller-proofs.contract.js';
import type { Claims } from '../identity-provider.contract.js';
import { verifyJws } from '../jws-signature.js';
import { quoted } from '../quoted.js';
import { type JwsHeader, type StrictJws, StrictJwsParser } from '../strict-jws.parser.js';
import { clientKeys } from './client-keys.js';

/** Longest life, and greatest age. */
const MAX_SECONDS = 60;
/** How far ahead the clock of the client may be, for `iat` and `nbf`. An end is an end. */
const MAX_AHEAD_SECONDS = 5;
const MAX_ID_LENGTH = 256;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;

/** `typ` of a client assertion; it may be left out. */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'client-authentication+jwt']);

type Refusal = readonly [actual: string, expected: string];
interface Read {
  readonly header: JwsHeader;
  readonly claims: Claims;
  readonly jws: StrictJws;
}

/** Judges what a client signed about itself (RFC 7523 §3, narrowed). Pure: the time is an argument, and nothing is kept. */
export class AssertionJudge {
  private readonly parser = new StrictJwsParser();

  constructor(private readonly ownIssuer: string) {}

  /** Whom it is from, where it says so in the way that assertions of clients do; unverified. */
  claimedClient(assertion: string): string | undefined {
    const parsed = this.parser.parse(assertion);
    if (!parsed.ok) return undefined;
    const { iss, sub } = parsed.jws.claims;
    return typeof iss === 'string' && iss !== '' && iss === sub ? iss : undefined;
  }

  /** @param now Unix milliseconds */
  judge(client: RegisteredClient, assertion: string, now: number): AssertionVerdict {
    const parsed = this.parser.parse(assertion);
    if (!parsed.ok) return refusal([parsed.fault.actual, 'a compact JWS']);
    const { header, claims } = parsed.jws;
    const read = { header, claims, jws: parsed.jws };
    const fault =
      faultOfHeader(header) ??
      faultOfParties(claims, client.clientId, this.ownIssuer) ??
      faultOfTimes(claims, now / 1000) ??
      faultOfSignature(read, clientKeys(client.authentication));
    if (fault !== undefined) return refusal(fault);
    const { jti, exp } = claims;
    if (!isId(jti) || typeof exp !== 'number')
      return refusal([`jti is ${quoted(jti)}`, `1 to ${String(MAX_ID_LENGTH)} characters`]);
    return { accepted: true, once: { id: jti, until: exp } };
  }
}

function faultOfHeader({ forbidden, type, members }: JwsHeader): Refusal | undefined {
  if (forbidden !== null) return [`header member ${forbidden}`, 'none that changes how it is read or which key verifies it'];
  if (!Object.hasOwn(members, 'typ') || (type !== null && TYPES.has(type))) return undefined;
  return [`typ is ${quoted(members['typ'])}`, 'no typ, JWT or client-authentication+jwt'];
}

/**
 * SECURITY: the audience is our issuer, alone and as a string (CVE-2025-27370): an assertion that names another server, or a list
 * of them, may have been made for that one, and would be good there too.
 */
function faultOfParties({ iss, sub, aud }: Claims, clientId: string, ownIssuer: string): Refusal | undefined {
  if (iss !== clientId || sub !== clientId) return [`iss is ${quoted(iss)}, sub is ${quoted(sub)}`, 'both the id of the client'];
  return aud === ownIssuer
    ? undefined
    : [`aud is ${quoted(aud)}`, `${quoted(ownIssuer)}, as a string: the issuer, not an endpoint`];
}

function faultOfTimes({ iat, exp, nbf }: Claims, now: number): Refusal | undefined {
  if (!isTime(iat) || !isTime(exp) || !(nbf === undefined || isTime(nbf)))
    return [`iat is ${quoted(iat)}, exp is ${quoted(exp)}, nbf is ${quoted(nbf)}`, 'iat and exp in whole seconds since 1970'];
  if (exp <= now) return [`it ended ${Math.ceil(now - exp).toString()} s ago`, 'exp in the future'];
  if (exp - iat > MAX_SECONDS) return [`a life of ${String(exp - iat)} s`, `exp at most ${String(MAX_SECONDS)} s after iat`];
  if (now - iat > MAX_SECONDS)
    return [`made ${Math.floor(now - iat).toString()} s ago`, `iat at most ${String(MAX_SECONDS)} s ago`];
  const ahead = Math.max(iat, nbf ?? 0) - now;
  if (ahead > MAX_AHEAD_SECONDS)
    return [
      `valid in ${Math.ceil(ahead).toString()} s`,
      `iat and nbf at most ${String(MAX_AHEAD_SECONDS)} s ahead of this clock`,
    ];
  return undefined;
}

/** `kid` names the key; without one any key of the client's will do, of which there are few. */
function faultOfSignature({ header, jws }: Read, keys: readonly VerificationKey[]): Refusal | undefined {
  if (Object.hasOwn(header.members, 'kid') && header.keyId === null) return ['kid is not a string', 'a string, or no kid'];
  const { keyId } = header;
  const candidates = keyId === null ? keys : keys.filter(({ kid }) => kid === keyId);
  if (candidates.length === 0) return [`kid is ${quoted(keyId ?? undefined)}`, 'a key that is registered for the client'];
  if (candidates.some((key) => verifyJws(jws, key))) return undefined;
  const algorithms = [...new Set(candidates.map(({ algorithm }) => algorithm))].join(', ');
  return [
    `alg is ${quoted(header.members['alg'])}, and the signature does not verify`,
    `a signature by the registered key, with ${algorithms}`,
  ];
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 33;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH && !CONTROL.test(value);
}

function refusal([actual, expected]: Refusal): ProofRefusal {
  return { accepted: false, code: 'CLIENT_ASSERTION_INVALID', actual, expected };
}
