import { hash } from 'node:crypto';
import type { CountersignError } from '../countersign-error.js';
import { millisecondsSince, type Moment, momentOf } from '../runtime.js';
import type { AccessToken } from './access-token.js';
import { BoundedMap } from './bounded-map.js';
import type { CallerRuntime } from './caller-runtime.js';

/** A token that is kept. */
export interface Held {
  readonly token: AccessToken;
  /** Made once, so that a call that finds it makes nothing. */
  readonly answer: Promise<AccessToken>;
  readonly at: Moment;
  readonly usableMs: number;
  renewAfterMs: number;
  isDue: boolean;
}

interface Failed {
  readonly error: CountersignError;
  readonly at: Moment;
  readonly forMs: number;
}

const MOST_FAILURES = 10_000;
/** So that a token does not end on its way. */
const MARGIN_MS = 10_000;
const RENEW_FROM = 0.7;
const RENEW_SPREAD = 0.1;
const RENEW_AGAIN_MS = 5_000;
const REFUSED_FOR_MS = 5_000;
const FAILED_FOR_MS = 1_000;
const MOST_FAILED_MS = 60_000;
const DROPPED_FROM_MS = 30_000;
const SWEPT_AT_ONCE = 4;
const LATER_MS = 5_000;
/** The subject's token ends; what came of it before is good for as long as it says. */
const ABOUT_TIME_ALONE: ReadonlySet<string> = new Set(['TOKEN_EXPIRED', 'TOKEN_EXPIRES_TOO_SOON']);

/** What a source knows: tokens, and what was refused a moment ago. Bounded in all its parts. */
export class TokenMemory {
  private readonly tokens: BoundedMap<string, Held>;
  /** SECURITY: apart from the tokens, so that who sends bad ones does not push out good ones. */
  private readonly failures = new BoundedMap<string, Failed>(MOST_FAILURES);
  private readonly keys = new WeakMap<AccessToken, string>();
  /** Of this client itself, whoever the subject is. */
  private clientFailed: Failed | undefined;
  private isClosed = false;

  constructor(
    mostTokens: number,
    private readonly runtime: CallerRuntime,
  ) {
    this.tokens = new BoundedMap(mostTokens);
  }

  get size(): number {
    return this.tokens.size;
  }

  /**
   * SECURITY: tokens are kept under the SHA-256 of the subject's, so that no subject's token stays here with what came of it. To look the
   * text itself up would cost more: where two texts are the same, each of their characters is compared.
   */
  keyOf(subjectToken: string, target: string): string {
    return hash('sha256', subjectToken, 'base64') + target;
  }

  /** A token that may be handed out; `isDue`: and that is to be renewed. */
  usable(key: string): Held | undefined {
    const held = this.tokens.get(key);
    if (held === undefined) return undefined;
    const ageMs = this.since(held.at);
    if (ageMs < held.usableMs) {
      held.isDue = ageMs >= held.renewAfterMs;
      return held;
    }
    this.tokens.delete(key);
    return undefined;
  }

  /** What went wrong so lately that it is not tried again. */
  failureOf(key: string): CountersignError | undefined {
    return this.lately(this.clientFailed) ?? this.lately(this.failures.get(key));
  }

  /**
   * Answers the token.
   *
   * @param at from when its life counts: before it was asked for
   */
  keep(key: string, token: AccessToken, at: Moment): AccessToken {
    if (this.isClosed) return token;
    const livesMs = token.lifetimeSeconds * 1_000;
    // Spread, so that what was fetched together is not renewed together.
    const spread = RENEW_FROM + RENEW_SPREAD * this.runtime.random();
    const usableMs = Math.max(livesMs - MARGIN_MS, livesMs / 2);
    const renewAfterMs = this.endsLater(key, livesMs, at) ? livesMs * spread : Number.POSITIVE_INFINITY;
    this.tokens.sweep((held) => this.isOver(held), SWEPT_AT_ONCE);
    this.tokens.set(key, { token, answer: Promise.resolve(token), at, usableMs, renewAfterMs, isDue: false });
    this.keys.set(token, key);
    this.failures.delete(key);
    this.clientFailed = undefined;
    return token;
  }

  fail(key: string, error: CountersignError): void {
    if (this.isClosed) return;
    const failed = { error, at: momentOf(this.runtime), forMs: this.heldOffMs(error) };
    const isOfClient = error.saidBy === 'service' && error.reason.startsWith('CLIENT_');
    if (isOfClient) this.clientFailed = failed;
    else this.failures.set(key, failed);
    const held = this.tokens.get(key);
    if (held === undefined) return;
    const isOver = !error.retryable && !isOfClient && !ABOUT_TIME_ALONE.has(error.reason);
    // SECURITY: what the subject may not have now, it may not have from memory either.
    if (isOver) this.tokens.delete(key);
    else held.renewAfterMs = this.since(held.at) + failed.forMs + RENEW_AGAIN_MS * (1 + this.runtime.random());
  }

  /** `false`: it is too young for another one to be any better. */
  drop(token: AccessToken): boolean {
    const key = this.keys.get(token);
    const held = key === undefined ? undefined : this.tokens.get(key);
    if (key === undefined || held?.token !== token) return true;
    // SECURITY: a service that refuses whatever it is sent must not make us ask for a token at each call.
    if (this.since(held.at) < DROPPED_FROM_MS) return false;
    this.tokens.delete(key);
    return true;
  }

  /** Forgets everything, and keeps nothing more. */
  close(): void {
    this.isClosed = true;
    this.tokens.clear();
    this.failures.clear();
    this.clientFailed = undefined;
  }

  /** A token that ends when the one before it did ends with the subject's own: yet another would be no better. */
  private endsLater(key: string, livesMs: number, at: Moment): boolean {
    const before = this.tokens.get(key);
    if (before === undefined) return true;
    return at.steady + livesMs > before.at.steady + before.token.lifetimeSeconds * 1_000 + LATER_MS;
  }

  private heldOffMs({ retryable, retryAfterSeconds, reason }: CountersignError): number {
    if (!retryable || reason === 'TOKEN_ENDPOINT_ANSWER_INVALID') return REFUSED_FOR_MS;
    if (retryAfterSeconds !== null) return Math.min(retryAfterSeconds * 1_000, MOST_FAILED_MS);
    return FAILED_FOR_MS * this.runtime.random();
  }

  private lately(failed: Failed | undefined): CountersignError | undefined {
    return failed !== undefined && this.since(failed.at) < failed.forMs ? failed.error : undefined;
  }

  private isOver(held: Held): boolean {
    return this.since(held.at) >= held.usableMs;
  }

  private since(moment: Moment): number {
    return millisecondsSince(this.runtime, moment);
  }
}
