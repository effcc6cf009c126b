import type { KeyAccess, VerificationKey } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { IssuedExpectation, IssuedTokenFault, IssuedVerdict } from './contract.js';
import { headerSegment } from './issued-token.js';
import { isSignedBy } from './jws-verification.js';
import { ReadClaims, type WrittenClaims } from './read-claims.js';
import { isTextList, type SubjectReferences } from './subject-references.js';

interface Dependencies {
  readonly keyAccess: KeyAccess;
  readonly clock: Clock;
  readonly issuer: string;
  readonly references: SubjectReferences;
}

const MOST_CHARACTERS = 16_384;
/** Between the clocks of replicas, on `iat` alone. */
const SKEW_SECONDS = 60;
/** A replica that hears nothing signs for 5 minutes after a key was stopped; then it stops by itself. */
const LATE_SECONDS = 300;

interface Question {
  readonly context: CallContext;
  readonly key: VerificationKey;
  readonly expected: IssuedExpectation;
}

const MOST_ACTORS = 4;
const KEY_NAMES: ReadonlySet<string> = new Set(['jkt', 'x5t#S256']);

/** Tells whether a token is one of ours. Its header is compared with the one that we write and never interpreted. */
export class IssuedTokenVerifier {
  /** Which key wrote a header. Only headers that were compared get in, so there are as many as keys. */
  private readonly kids = new Map<string, string>();

  constructor(private readonly deps: Dependencies) {}

  verify(context: CallContext, token: string, expected: IssuedExpectation): IssuedVerdict {
    const headerEnd = token.indexOf('.');
    const payloadEnd = token.indexOf('.', headerEnd + 1);
    if (token.length > MOST_CHARACTERS || headerEnd < 1 || payloadEnd <= headerEnd) return refused('malformed');

    const header = token.slice(0, headerEnd);
    const signature = token.slice(payloadEnd + 1);
    // One spelling for the same bytes: no other characters, no padding, no bits left over. Of the claims the spelling itself is signed.
    const signed = Buffer.from(signature, 'base64url');
    if (signed.toString('base64url') !== signature) return refused('malformed');
    const key = this.keyOf(context, header);
    if (typeof key === 'string') return refused(key);
    if (!isSignedBy(key, token.slice(0, payloadEnd), signed)) return refused('signature-invalid');
    return this.judge({ context, key, expected }, claimsIn(token.slice(headerEnd + 1, payloadEnd)));
  }

  /** The key whose header this is, to the byte. */
  private keyOf(context: CallContext, header: string): VerificationKey | IssuedTokenFault {
    const known = this.kids.get(header);
    const kid = known ?? kidIn(header);
    const key = kid === undefined ? undefined : this.deps.keyAccess.verificationKey(context, kid);
    if (key === undefined) return 'key-unknown';
    if (known !== undefined) return key;

    const fault = faultOfHeader(header, key);
    if (fault !== undefined) return fault;
    this.kids.set(header, key.kid);
    return key;
  }

  private judge({ context, key, expected }: Question, claims: Record<string, unknown> | undefined): IssuedVerdict {
    if (claims === undefined || !isWritten(claims)) return refused('claims-incomplete');
    if (claims.iss !== this.deps.issuer) return refused('issuer-mismatch');
    if (expected.audience !== null && claims.aud !== expected.audience) return refused('audience-mismatch');
    // SECURITY: a bound token that were taken without its proof would be a bearer token.
    if (claims.cnf !== undefined && !isShown(claims.cnf, expected.shown)) return refused('sender-constrained');
    const fault = this.faultOfTimes(key, claims);
    if (fault !== undefined) return refused(fault);
    return { genuine: true, claims: new ReadClaims(key.kid, claims, { context, references: this.deps.references }) };
  }

  private faultOfTimes(key: VerificationKey, { iat: issuedAt, exp: expiresAt }: WrittenClaims): IssuedTokenFault | undefined {
    const now = Math.floor(this.deps.clock.now() / 1_000);
    if (expiresAt <= now) return 'expired';
    if (issuedAt > now + SKEW_SECONDS || expiresAt <= issuedAt) return 'not-yet-valid';
    const from = (key.signsFrom ?? Number.POSITIVE_INFINITY) / 1_000 - SKEW_SECONDS;
    const until = (key.signsUntil ?? Number.POSITIVE_INFINITY) / 1_000 + SKEW_SECONDS + LATE_SECONDS;
    return issuedAt < from || issuedAt > until ? 'outside-key-window' : undefined;
  }
}

/** Only to find the key: what counts is the comparison after it. */
function kidIn(header: string): string | undefined {
  const kid = claimsIn(header)?.['kid'];
  return typeof kid === 'string' ? kid : undefined;
}

function faultOfHeader(header: string, key: VerificationKey): IssuedTokenFault | undefined {
  if (header === headerSegment(key, 'at+jwt')) return undefined;
  const read = claimsIn(header);
  if (read?.['alg'] !== key.algorithm) return 'algorithm-mismatch';
  return read['typ'] === 'at+jwt' ? 'malformed' : 'type-mismatch';
}

function claimsIn(segment: string): Record<string, unknown> | undefined {
  return objectIn(Buffer.from(segment, 'base64url'));
}

function objectIn(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Claims = Readonly<Record<string, unknown>>;

/** Whether every claim that each token of ours has is there, and every claim is of its type. Without lists: it runs for each token. */
function isWritten(claims: Claims): claims is Claims & WrittenClaims {
  return hasFrame(claims) && hasOrigin(claims) && hasSession(claims) && hasRest(claims);
}

function hasFrame({ jti, aud, iat, exp }: Claims): boolean {
  return typeof jti === 'string' && typeof aud === 'string' && isWhole(iat) && isWhole(exp);
}

function hasOrigin({ sub, client_id: clientId, tenant, pv, ep }: Claims): boolean {
  if (typeof sub !== 'string' || typeof clientId !== 'string' || typeof tenant !== 'string') return false;
  return typeof pv === 'string' && isWhole(ep);
}

function hasSession({ acr, amr, auth_time: authTime }: Claims): boolean {
  if (acr !== undefined && typeof acr !== 'string') return false;
  return (amr === undefined || isTextList(amr)) && (authTime === undefined || isWhole(authTime));
}

function hasRest(claims: Claims): boolean {
  const { scope, permissions, act, sref } = claims;
  if (scope !== undefined && typeof scope !== 'string') return false;
  if (sref !== undefined && typeof sref !== 'string') return false;
  return (
    (permissions === undefined || isTextList(permissions)) && (act === undefined || isActor(act, MOST_ACTORS)) && hasChain(claims)
  );
}

function hasChain({ impersonated, oat, hop }: Claims): boolean {
  if (impersonated !== undefined && impersonated !== true) return false;
  return (oat === undefined || isWhole(oat)) && (hop === undefined || isWhole(hop));
}

function isActor(act: unknown, left: number): boolean {
  if (left === 0 || !isObject(act) || typeof act['sub'] !== 'string') return false;
  return act['act'] === undefined || isActor(act['act'], left - 1);
}

/** One member that names a key. SECURITY: a kind of confirmation that nobody here can compare never passes. */
function isConfirmation(cnf: unknown): cnf is Readonly<Record<string, string>> {
  if (!isObject(cnf)) return false;
  const entries = Object.entries(cnf);
  return entries.length === 1 && entries.every(([name, value]) => KEY_NAMES.has(name) && typeof value === 'string');
}

function isShown(cnf: unknown, shown: IssuedExpectation['shown']): boolean {
  if (!isConfirmation(cnf)) return false;
  if (shown === 'any') return true;
  return shown.some((key) => Object.entries(cnf).every(([name, value]) => Object.hasOwn(key, name) && key[name] === value));
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function refused(fault: IssuedTokenFault): IssuedVerdict {
  return { genuine: false, fault };
}
