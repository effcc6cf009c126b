import type { KeyAccess, VerificationKey } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { IssuedClaims, IssuedTokenFault, IssuedVerdict } from './contract.js';
import { headerSegment } from './issued-token.js';
import { isSignedBy } from './jws-verification.js';
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
  readonly audience: string;
}

type ReadClaims = Omit<IssuedClaims, 'reference'> & { readonly sealed: string | null };

/** Tells whether a token is one of ours. Its header is compared with the one that we write and never interpreted. */
export class IssuedTokenVerifier {
  /** Which key wrote a header. Only headers that were compared get in, so there are as many as keys. */
  private readonly kids = new Map<string, string>();

  constructor(private readonly deps: Dependencies) {}

  verify(context: CallContext, token: string, audience: string): IssuedVerdict {
    const headerEnd = token.indexOf('.');
    const payloadEnd = token.lastIndexOf('.');
    if (token.length > MOST_CHARACTERS || headerEnd < 1 || payloadEnd <= headerEnd) return refused('malformed');

    const header = token.slice(0, headerEnd);
    const payload = token.slice(headerEnd + 1, payloadEnd);
    const signature = token.slice(payloadEnd + 1);
    const claims = Buffer.from(payload, 'base64url');
    // One spelling for the same bytes: no other characters, no padding, no dots, no bits left over.
    const signed = Buffer.from(signature, 'base64url');
    if (claims.toString('base64url') !== payload || signed.toString('base64url') !== signature) return refused('malformed');
    const key = this.keyOf(context, header);
    if (typeof key === 'string') return refused(key);
    if (!isSignedBy(key, token.slice(0, payloadEnd), signed)) return refused('signature-invalid');
    return this.judge({ context, key, audience }, objectIn(claims));
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

  private judge({ context, key, audience }: Question, claims: Record<string, unknown> | undefined): IssuedVerdict {
    const read = claims === undefined ? undefined : issuedClaims(key.kid, claims);
    if (claims === undefined || read === undefined) return refused('claims-incomplete');
    if (claims['iss'] !== this.deps.issuer) return refused('issuer-mismatch');
    if (read.audience !== audience) return refused('audience-mismatch');
    // SECURITY: a bound token that were taken without its proof would be a bearer token.
    if (claims['cnf'] !== undefined) return refused('sender-constrained');
    const fault = this.faultOfTimes(key, read);
    return fault === undefined ? { genuine: true, claims: this.withReference(context, read) } : refused(fault);
  }

  /** Unsealing costs as much as the rest without the signature, and few who verify want it. */
  private withReference(context: CallContext, { sealed, ...claims }: ReadClaims): IssuedClaims {
    const { references } = this.deps;
    return {
      ...claims,
      get reference() {
        return sealed === null ? null : references.read(context, sealed, claims.tokenId);
      },
    };
  }

  private faultOfTimes(key: VerificationKey, { issuedAt, expiresAt }: ReadClaims): IssuedTokenFault | undefined {
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

/** `undefined` when a claim that every token of ours has is missing or is of another type. */
function issuedClaims(kid: string, claims: Record<string, unknown>): ReadClaims | undefined {
  const frame = frameOf(claims);
  const origin = originOf(claims);
  const session = sessionOf(claims);
  if (frame === undefined || origin === undefined || session === undefined) return undefined;
  const held = heldOf(claims);
  return held === undefined ? undefined : { kid, ...frame, ...origin, ...session, ...held };
}

function heldOf(claims: Record<string, unknown>): Pick<ReadClaims, 'scope' | 'permissions' | 'actor' | 'sealed'> | undefined {
  const { scope = '', permissions = [], sref: sealed = null } = claims;
  const actor = actorIn(claims['act']);
  if (typeof scope !== 'string' || !isTextList(permissions) || actor === undefined) return undefined;
  return sealed === null || typeof sealed === 'string' ? { scope, permissions, actor, sealed } : undefined;
}

function sessionOf(claims: Record<string, unknown>): Pick<IssuedClaims, 'acr' | 'amr' | 'authTime'> | undefined {
  const { acr = null, amr = [], auth_time: authTime = null } = claims;
  if ((acr !== null && typeof acr !== 'string') || !isTextList(amr)) return undefined;
  return authTime === null || isWhole(authTime) ? { acr, amr, authTime } : undefined;
}

/** Checked one by one, without lists: this runs for each token that is checked. */
function frameOf(
  claims: Record<string, unknown>,
): Pick<IssuedClaims, 'tokenId' | 'audience' | 'issuedAt' | 'expiresAt'> | undefined {
  const { jti: tokenId, aud: audience, iat: issuedAt, exp: expiresAt } = claims;
  if (typeof tokenId !== 'string' || typeof audience !== 'string') return undefined;
  return isWhole(issuedAt) && isWhole(expiresAt) ? { tokenId, audience, issuedAt, expiresAt } : undefined;
}

function originOf(
  claims: Record<string, unknown>,
): Pick<IssuedClaims, 'subject' | 'clientId' | 'tenant' | 'policyVersion' | 'epoch'> | undefined {
  const { sub: subject, client_id: clientId, tenant, pv: policyVersion, ep: epoch } = claims;
  if (typeof subject !== 'string' || typeof clientId !== 'string' || typeof tenant !== 'string') return undefined;
  return typeof policyVersion === 'string' && isWhole(epoch) ? { subject, clientId, tenant, policyVersion, epoch } : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** `null`: nobody acts. `undefined`: not in the form that we write. */
function actorIn(act: unknown): string | null | undefined {
  if (act === undefined) return null;
  if (typeof act !== 'object' || act === null || !('sub' in act)) return undefined;
  return typeof act.sub === 'string' ? act.sub : undefined;
}

function refused(fault: IssuedTokenFault): IssuedVerdict {
  return { genuine: false, fault };
}
