import { fetchBounded } from './bounded-fetch.js';
import { readCompactJws } from './compact-jws.js';
import { CountersignError } from './countersign-error.js';
import { type CutoffDocument, readCutoffs } from './cutoff-document.js';
import type { KeySource } from './key-source.js';
import { millisecondsSince, momentOf, type Moment, type Runtime } from './runtime.js';
import { isSignedBy } from './signature.js';
import type { VerifiedToken } from './verified-token.js';

const TYPE = 'countersign-cutoff+jwt';
const MOST_BYTES = 4 * 1_024 * 1_024;
const LIMITS = { characters: MOST_BYTES, members: 100_000 };
const ASK_AGAIN_AFTER_MS = 5_000;
const SKEW_SECONDS = 60;
const LONGEST_LIFE_SECONDS = 86_400;
/** A replica of the issuer that hears nothing signs for 5 minutes after a key was stopped; then it stops by itself. */
const LATE_SECONDS = 300;

export const POLL_MS = 30_000;

interface Settings {
  readonly url: URL;
  readonly issuer: string;
  readonly whenUnknown: 'refuse' | 'go-on';
  readonly keys: KeySource;
  readonly runtime: Runtime;
}

/** What the issuer has revoked, as of its newest signed document. */
export class CutoffSource {
  private held: { readonly document: CutoffDocument; readonly at: Moment; readonly livesMs: number } | undefined;
  /** SECURITY: for good. A document that a stolen key signed must not bring that key back. */
  private readonly revokedKeys = new Set<string>();
  private loading: Promise<void> | undefined;
  /** When the newest attempt began that has ended: who comes while one is under way waits for it. */
  private asked: Moment | undefined;
  private failure: unknown;

  constructor(private readonly settings: Settings) {}

  /** Whether to ask before the next token is judged: the process slept through its polls, or nothing is known. */
  isDue(): boolean {
    if (this.asked === undefined) return true;
    return this.since(this.asked) >= (this.mustKnow() ? ASK_AGAIN_AFTER_MS : POLL_MS + ASK_AGAIN_AFTER_MS);
  }

  /** Never rejects; many calls at once are one request. */
  refresh(): Promise<void> {
    this.loading ??= this.load().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  /**
   * What is known is heeded even when it is old: what was revoked stays revoked.
   *
   * @throws CountersignError `TOKEN_KEY_REVOKED`, `TOKEN_REVOKED`, `CUTOFFS_UNAVAILABLE`
   */
  judge(token: VerifiedToken): void {
    const { held } = this;
    if (this.isStopped(token.keyId, token.issuedAt, held?.document)) throw new CountersignError('TOKEN_KEY_REVOKED');
    if (held !== undefined && isRevoked(token, held.document)) throw new CountersignError('TOKEN_REVOKED');
    if (this.mustKnow()) throw new CountersignError('CUTOFFS_UNAVAILABLE', this.failure);
  }

  private async load(): Promise<void> {
    const at = momentOf(this.settings.runtime);
    try {
      const bytes = await fetchBounded(this.settings.url, MOST_BYTES);
      const document = await this.proven(bytes.toString('latin1').trimEnd());
      this.take(document, at);
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
    }
    this.asked = at;
  }

  private async proven(text: string): Promise<CutoffDocument> {
    const jws = readCompactJws(text, LIMITS);
    if (jws.type !== TYPE) throw new Error('not a cut-off document');
    const key = this.settings.keys.known(jws.keyId) ?? (await this.settings.keys.find(jws.keyId));
    if (jws.algorithm !== key.algorithm || !isSignedBy(key, jws.signingInput, jws.signature)) throw new Error('not signed');
    const document = readCutoffs(jws.claims);
    if (this.isStopped(key.kid, document.issuedAt, document) || this.isStopped(key.kid, document.issuedAt, this.held?.document))
      throw new Error('signed by a key that is revoked');
    return document;
  }

  private take(document: CutoffDocument, at: Moment): void {
    const now = at.wall / 1_000;
    const { issuer, issuedAt, expiresAt } = document;
    if (issuer !== this.settings.issuer) throw new Error('of another issuer');
    if (issuedAt > now + SKEW_SECONDS || expiresAt <= now || expiresAt - issuedAt > LONGEST_LIFE_SECONDS)
      throw new Error('out of its time');
    if (isOlder(document, this.held?.document)) throw new Error('older than the one that is known');
    for (const kid of document.revokedKeys.keys()) this.revokedKeys.add(kid);
    this.held = { document, at, livesMs: expiresAt * 1_000 - at.wall };
  }

  private isStopped(kid: string, issuedAt: number, document: CutoffDocument | undefined): boolean {
    if (this.revokedKeys.has(kid) || document?.revokedKeys.has(kid) === true) return true;
    return issuedAt > (document?.taintedKeys.get(kid) ?? Number.POSITIVE_INFINITY) + SKEW_SECONDS + LATE_SECONDS;
  }

  /** SECURITY: whatever is not `go-on` to the letter refuses. */
  private mustKnow(): boolean {
    return this.settings.whenUnknown !== 'go-on' && !this.isCurrent();
  }

  private isCurrent(): boolean {
    return this.held !== undefined && this.since(this.held.at) < this.held.livesMs;
  }

  private since(moment: Moment): number {
    return millisecondsSince(this.settings.runtime, moment);
  }
}

/** SECURITY: whoever can replay an old document would bring back what was revoked since. */
function isOlder(document: CutoffDocument, known: CutoffDocument | undefined): boolean {
  if (known === undefined) return false;
  if (document.sequences !== null && known.sequences !== null) {
    const { keys, revocations } = known.sequences;
    // Of replicas that have not heard of each other each may be ahead in one of the two.
    if (document.sequences.keys < keys || document.sequences.revocations < revocations) return true;
  }
  return document.sequence < known.sequence || (document.sequence === known.sequence && document.issuedAt < known.issuedAt);
}

/** SECURITY: a token that was made of one that is cut off is cut off with it, also where it was made a moment later. */
function isRevoked(token: VerifiedToken, document: CutoffDocument): boolean {
  const { tokenId, tenant, subject, clientId } = token;
  const issuedAt = Math.min(token.issuedAt, token.originIssuedAt);
  const isBefore = (before: number | undefined): boolean => before !== undefined && issuedAt < before;
  return (
    document.tokens.has(tokenId) ||
    isBefore(document.subjects.get(tenant)?.get(subject)) ||
    isBefore(document.clients.get(clientId)) ||
    isBefore(document.tenants.get(tenant)) ||
    hasCutOffActor(token, document)
  );
}

/** Whoever acts is cut off by when the token itself was issued: its origin is the subject's. */
function hasCutOffActor({ act, tenant, issuedAt }: VerifiedToken, document: CutoffDocument): boolean {
  const subjects = document.subjects.get(tenant);
  if (subjects === undefined) return false;
  for (let actor = act; actor !== null; actor = actor.act ?? null) {
    const before = subjects.get(actor.sub);
    if (before !== undefined && issuedAt < before) return true;
  }
  return false;
}
