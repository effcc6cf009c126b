import { documentUrl } from './bounded-fetch.js';
import { readCompactJws } from './compact-jws.js';
import { CountersignError, explainedAt, helpBaseOf } from './countersign-error.js';
import { CutoffSource, POLL_MS } from './cutoff-source.js';
import { KeySource } from './key-source.js';
import type { SignatureAlgorithm } from './public-keys.js';
import { type Runtime, SYSTEM_RUNTIME } from './runtime.js';
import { isSignedBy } from './signature.js';
import { readTokenClaims } from './token-claims.js';
import type { Confirmation, VerifiedToken } from './verified-token.js';

export interface VerifierOptions {
  /** `iss` of its tokens, to the letter. */
  readonly issuer: string;
  /** `aud` of the tokens that are for this service, to the letter. */
  readonly audience: string;
  /** What the tokens may be signed with; left out: all that the service can sign with. Each key is good for one alone. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** Left out: `ISSUER/.well-known/jwks.json`. https, or this machine. */
  readonly jwksUri?: string;
  /** Left out: `ISSUER/.well-known/countersign-cutoffs.jwt`. */
  readonly cutoffsUri?: string;
  /** What to do while it is not known what was revoked: `refuse` (503, the default) or `go-on` with what was known last. */
  readonly whenCutoffsUnknown?: 'refuse' | 'go-on';
  /** How far ahead the clock of the issuer may be, on `iat` and `nbf`: 0 to 300 seconds; left out: 60. */
  readonly clockSkewSeconds?: number;
  /** How long after `exp` a token is still taken: 0 to 60 seconds; left out: 0. */
  readonly expiryLeewaySeconds?: number;
  /** The longest from `iat` to `exp`: 1 to 86 400 seconds; left out: 86 400. */
  readonly maxLifetimeSeconds?: number;
  /** What the `helpUrl` of errors begins with; left out: `ISSUER/`. The pages are those of this project, as `docs/…`. */
  readonly helpBase?: string;
}

/** What came with the token. */
export interface Shown {
  /** Keys whose possession the caller has proven on this very request, as `cnf` names them. Read for bound tokens alone. */
  readonly keys?: readonly Confirmation[];
}

export interface Verifier {
  /** How long after `exp` a token is still taken. */
  readonly expiryLeewaySeconds: number;
  /** What the `helpUrl` of its errors begins with; ends with `/`. */
  readonly helpBase: string;
  /**
   * What the token says, if it is a good one for this audience. A bound token is good with one of the shown keys alone.
   *
   * @throws CountersignError for every token that is not; `retryable` when that could not be told
   */
  verify(token: string, shown?: Shown): Promise<VerifiedToken>;
  /** Fetches everything that the first token needs. Never rejects: what could not be had is asked for again. */
  prepare(): Promise<void>;
  /** Ends the work in the background. */
  close(): void;
}

const ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'Ed25519', 'PS256', 'RS256'];
const LIMITS = { characters: 16_384, members: 200 };
const REFRESH_KEYS_MS = 300_000;
const DAY_SECONDS = 86_400;
const LATEST = 2 ** 33;

/** @throws TypeError when the options would leave something open */
export function createVerifier(options: VerifierOptions, runtime: Runtime = SYSTEM_RUNTIME): Verifier {
  return new TokenVerifier(options, runtime);
}

class TokenVerifier implements Verifier {
  readonly helpBase: string;
  readonly expiryLeewaySeconds: number;
  private readonly keys: KeySource;
  private readonly cutoffs: CutoffSource;
  private readonly limits: TimeLimits;
  private readonly endings: readonly (() => void)[];

  constructor(
    private readonly options: VerifierOptions,
    private readonly runtime: Runtime,
  ) {
    const { issuer, algorithms = ALGORITHMS, whenCutoffsUnknown: whenUnknown = 'refuse' } = options;
    // SECURITY: a check against nothing passes for everybody.
    if (issuer === '' || options.audience === '' || algorithms.length === 0)
      throw new TypeError('issuer, audience and algorithms cannot be empty');
    this.limits = timeLimits(options);
    this.expiryLeewaySeconds = this.limits.leeway;
    this.helpBase = helpBaseOf(options.helpBase ?? issuer);
    const jwksUrl = documentUrl(options.jwksUri ?? `${issuer}/.well-known/jwks.json`);
    const cutoffsUrl = documentUrl(options.cutoffsUri ?? `${issuer}/.well-known/countersign-cutoffs.jwt`);
    this.keys = new KeySource({ url: jwksUrl, algorithms, runtime });
    this.cutoffs = new CutoffSource({ url: cutoffsUrl, issuer, whenUnknown, keys: this.keys, runtime });
    this.endings = [
      runtime.every(REFRESH_KEYS_MS, () => void this.keys.refresh()),
      runtime.every(POLL_MS, () => void this.cutoffs.refresh()),
    ];
  }

  async verify(token: string, shown: Shown = {}): Promise<VerifiedToken> {
    try {
      return await this.judge(token, shown);
    } catch (error) {
      throw error instanceof CountersignError ? explainedAt(this.helpBase, error) : error;
    }
  }

  async prepare(): Promise<void> {
    await this.keys.refresh();
    await this.cutoffs.refresh();
  }

  close(): void {
    for (const end of this.endings) end();
  }

  private async judge(token: string, shown: Shown): Promise<VerifiedToken> {
    // The order of RFC 9068 §4: what the token says it is, whose and for whom, and then whether that is true.
    const jws = readCompactJws(token, LIMITS);
    if (jws.type !== 'at+jwt') throw new CountersignError('TOKEN_TYPE_MISMATCH');
    if (jws.claims['iss'] !== this.options.issuer) throw new CountersignError('ISSUER_UNTRUSTED');
    if (jws.claims['aud'] !== this.options.audience) throw new CountersignError('TOKEN_AUDIENCE_MISMATCH');
    const key = this.keys.known(jws.keyId) ?? (await this.keys.find(jws.keyId));
    // SECURITY: the key says which algorithm; the token can only agree.
    if (jws.algorithm !== key.algorithm) throw new CountersignError('TOKEN_ALGORITHM_NOT_ALLOWED');
    if (!isSignedBy(key, jws.signingInput, jws.signature)) throw new CountersignError('TOKEN_SIGNATURE_INVALID');

    const verified = readTokenClaims(jws.claims, key.kid);
    if (!isShown(verified.confirmation, shown)) throw new CountersignError('BINDING_NOT_SHOWN');
    if (this.cutoffs.isDue()) await this.cutoffs.refresh();
    // After the last wait: a token may end while it is waited for.
    this.judgeTimes(verified, jws.claims['nbf']);
    this.cutoffs.judge(verified);
    return verified;
  }

  private judgeTimes({ issuedAt, expiresAt }: VerifiedToken, notBefore: unknown = issuedAt): void {
    const now = Math.floor(this.runtime.clock.now() / 1_000);
    if (now >= expiresAt + this.limits.leeway) throw new CountersignError('TOKEN_EXPIRED');
    if (expiresAt <= issuedAt || !isTime(notBefore)) throw new CountersignError('TOKEN_CLAIM_INVALID');
    // SECURITY: what a mistake at the issuer made to last for years would outlive every cut-off that is kept for it.
    if (expiresAt - issuedAt > this.limits.lifetime) throw new CountersignError('TOKEN_LIFETIME_TOO_LONG');
    if (Math.max(issuedAt, notBefore) > now + this.limits.skew) throw new CountersignError('TOKEN_NOT_YET_VALID');
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= LATEST;
}

/** SECURITY: a bound token that were taken without its proof would be a bearer token. */
function isShown(confirmation: Confirmation | null, shown: Shown): boolean {
  if (confirmation === null) return true;
  const { keys = [] } = shown;
  return keys.some((key) =>
    Object.entries(confirmation).every(([name, value]) => Object.hasOwn(key, name) && key[name] === value),
  );
}

interface TimeLimits {
  readonly skew: number;
  readonly leeway: number;
  readonly lifetime: number;
}

function timeLimits({
  clockSkewSeconds = 60,
  expiryLeewaySeconds = 0,
  maxLifetimeSeconds = DAY_SECONDS,
}: VerifierOptions): TimeLimits {
  if (maxLifetimeSeconds === 0) throw new TypeError('maxLifetimeSeconds is at least 1');
  return {
    skew: bounded('clockSkewSeconds', clockSkewSeconds, 300),
    leeway: bounded('expiryLeewaySeconds', expiryLeewaySeconds, 60),
    lifetime: bounded('maxLifetimeSeconds', maxLifetimeSeconds, DAY_SECONDS),
  };
}

function bounded(name: string, seconds: number, most: number): number {
  if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds > most)
    throw new TypeError(`${name} is a whole number from 0 to ${most}`);
  return seconds;
}
