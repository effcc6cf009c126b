import { inspect } from 'node:util';
import { CountersignError, explainedAt, helpBaseOf } from '../countersign-error.js';
import { momentOf } from '../runtime.js';
import { AccessToken } from './access-token.js';
import { callerError } from './caller-error.js';
import { type CallerRuntime, SYSTEM_CALLER_RUNTIME } from './caller-runtime.js';
import type { ClientCredentials } from './client-credentials.js';
import { RetryBudget } from './retry-budget.js';
import { type Asked, TokenEndpoint } from './token-endpoint.js';
import { type Patience, TokenFlight } from './token-flight.js';
import { type Held, TokenMemory } from './token-memory.js';

export interface TokenSourceOptions {
  /** `iss` of the service, to the letter. */
  readonly issuer: string;
  /** Left out: `ISSUER/oauth2/token`. https, or this machine. */
  readonly tokenEndpoint?: string;
  readonly client: ClientCredentials;
  /**
   * The token of this program itself, asked for at every call; make it quick. Left out: every call names the token of the subject that
   * it is for. SECURITY: never both. A call that forgot its subject must not become a call in the name of this program.
   */
  readonly subjectToken?: () => string | Promise<string>;
  /** Left out: `urn:ietf:params:oauth:token-type:jwt`. */
  readonly subjectTokenType?: string;
  /** The application that tokens are for. */
  readonly audience: string;
  /** Names separated by spaces; left out: all that the client may have there. */
  readonly scope?: string;
  readonly tenant?: string;
  /** How many tokens are kept: 2 to 1,000,000; left out: 10,000. */
  readonly mostTokens?: number;
  /** Where this documentation is kept, for the links in errors; left out: at the issuer. */
  readonly helpBase?: string;
}

export interface TokenRequest extends Patience {
  /** Whose call it is: the token that this program was called with. */
  readonly subjectToken?: string | undefined;
  /** In the place of those of the options. */
  readonly audience?: string | undefined;
  readonly scope?: string | undefined;
}

export interface TokenSource {
  /** How many tokens are kept now. */
  readonly size: number;
  /**
   * A token that lives for 10 s at least (or half its life, if that is shorter), from memory where there is one.
   *
   * @throws CountersignError what the service refused, or why it could not be asked. The reason of `signal` when it was aborted
   * @throws TypeError when the subject is named twice, or not at all
   */
  token(request?: TokenRequest): Promise<AccessToken>;
  /**
   * Whoever was called does not take this token: the next call asks for another. `false`: it is younger than 30 s, and asking again
   * would not help.
   */
  drop(token: AccessToken): boolean;
  /** Forgets all tokens; whoever waits gets an error. */
  close(): void;
}

const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const TOKEN_CHARACTERS = 16_384;
const MOST_TOKENS = 1_000_000;
const MOST_FLIGHTS = 1_000;
const MOST_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
const RENEWAL_MS = 5_000;

/** @throws TypeError when the options would leave something open */
export function createTokenSource(options: TokenSourceOptions, runtime: CallerRuntime = SYSTEM_CALLER_RUNTIME): TokenSource {
  return new ExchangingTokenSource(options, runtime);
}

class ExchangingTokenSource implements TokenSource {
  private readonly endpoint: TokenEndpoint;
  private readonly memory: TokenMemory;
  private readonly flights = new Map<string, TokenFlight>();
  private readonly budget = new RetryBudget();
  private readonly usualTarget: string;
  private readonly helpBase: string;
  private isClosed = false;

  constructor(
    private readonly options: TokenSourceOptions,
    private readonly runtime: CallerRuntime,
  ) {
    const { issuer, tokenEndpoint, client, subjectTokenType = JWT, audience, scope, mostTokens = 10_000 } = options;
    if (issuer === '' || audience === '') throw new TypeError('issuer and audience cannot be empty');
    if (mostTokens > MOST_TOKENS) throw new TypeError(`mostTokens is at most ${MOST_TOKENS}`);
    this.memory = new TokenMemory(mostTokens, runtime);
    this.endpoint = new TokenEndpoint({ issuer, tokenEndpoint, client, subjectTokenType, runtime });
    this.helpBase = helpBaseOf(options.helpBase ?? issuer);
    this.usualTarget = JSON.stringify([audience, scope]);
  }

  get size(): number {
    return this.memory.size;
  }

  token(request: TokenRequest = {}): Promise<AccessToken> {
    const { subjectToken: own } = this.options;
    const { subjectToken: named } = request;
    if (own === undefined) {
      // SECURITY: an empty token is a missing one, and nobody is called in the name of nobody.
      if (named === undefined || named === '') return Promise.reject(new TypeError('name the subjectToken of the call'));
      return this.tokenFor(named, request);
    }
    if (named !== undefined) return Promise.reject(new TypeError('this source has a subject of its own'));
    return this.ownToken(own, request);
  }

  /** SECURITY: its members hold the secret of the client and tokens; whoever logs the source gets neither. */
  toJSON(): object {
    return { issuer: this.options.issuer, audience: this.options.audience, size: this.size };
  }

  [inspect.custom](): string {
    return `TokenSource ${JSON.stringify(this)}`;
  }

  drop(token: AccessToken): boolean {
    return this.memory.drop(token);
  }

  close(): void {
    this.isClosed = true;
    this.endpoint.close();
    for (const flight of this.flights.values()) flight.abandon(callerError('TOKEN_SOURCE_CLOSED'));
    this.memory.close();
  }

  private async ownToken(own: () => string | Promise<string>, request: TokenRequest): Promise<AccessToken> {
    let subjectToken: string;
    try {
      subjectToken = (await own()).trim();
    } catch (cause) {
      throw this.explained(callerError('SUBJECT_TOKEN_UNAVAILABLE', { cause }));
    }
    if (subjectToken === '') throw this.explained(callerError('SUBJECT_TOKEN_UNAVAILABLE'));
    return this.tokenFor(subjectToken, request);
  }

  private tokenFor(subjectToken: string, request: TokenRequest): Promise<AccessToken> {
    if (request.signal?.aborted === true) return Promise.reject(request.signal.reason as Error);
    if (subjectToken.length > TOKEN_CHARACTERS)
      return Promise.reject(explainedAt(this.helpBase, new CountersignError('TOKEN_TOO_LARGE')));
    const key = this.memory.keyOf(subjectToken, this.targetOf(request));
    const held = this.memory.usable(key);
    if (held !== undefined && !held.isDue) return held.answer;
    const { audience = this.options.audience, scope = this.options.scope } = request;
    const asked = { subjectToken, audience, scope, tenant: this.options.tenant };
    if (held === undefined) return this.fetched(key, asked, request);
    this.renew(key, asked, held);
    return held.answer;
  }

  private targetOf({ audience, scope }: TokenRequest): string {
    if (audience === undefined && scope === undefined) return this.usualTarget;
    return JSON.stringify([audience ?? this.options.audience, scope ?? this.options.scope]);
  }

  private async fetched(key: string, asked: Asked, patience: Patience): Promise<AccessToken> {
    try {
      return await this.flightFor(key, asked).join(patience);
    } catch (error) {
      throw this.explained(error);
    }
  }

  private flightFor(key: string, asked: Asked): TokenFlight {
    if (this.isClosed) throw callerError('TOKEN_SOURCE_CLOSED');
    const flight = this.flights.get(key);
    if (flight !== undefined) return flight;
    const failure = this.memory.failureOf(key);
    if (failure !== undefined) throw failure;
    if (this.flights.size >= MOST_FLIGHTS) throw callerError('TOKEN_SOURCE_BUSY');
    return this.takeOff(key, asked, 0);
  }

  /** In the background: the call that saw that it is time has its answer already. */
  private renew(key: string, asked: Asked, held: Held): void {
    if (this.flights.has(key) || this.flights.size >= MOST_FLIGHTS || this.memory.failureOf(key) !== undefined) return;
    held.renewAfterMs = Number.POSITIVE_INFINITY;
    this.takeOff(key, asked, RENEWAL_MS);
  }

  private takeOff(key: string, asked: Asked, backgroundMs: number): TokenFlight {
    this.budget.earn();
    const flight = new TokenFlight(this.runtime, backgroundMs, (itself) => this.fly(key, asked, itself));
    this.flights.set(key, flight);
    return flight;
  }

  private async fly(key: string, asked: Asked, flight: TokenFlight): Promise<AccessToken> {
    try {
      for (let attempt = 1; ; attempt += 1) {
        const at = momentOf(this.runtime);
        const answer = await this.endpoint.exchange(asked).catch((error: unknown) => ({ error }));
        if (answer instanceof AccessToken) return this.memory.keep(key, answer, at);
        await this.pauseAfter(answer.error, attempt, flight);
      }
    } catch (error) {
      if (error instanceof CountersignError) this.memory.fail(key, error);
      throw error;
    } finally {
      this.flights.delete(key);
    }
  }

  private explained(error: unknown): unknown {
    return error instanceof CountersignError ? explainedAt(this.helpBase, error) : error;
  }

  /** Until the next attempt. @throws what was thrown, where there is none */
  private async pauseAfter(error: unknown, attempt: number, flight: TokenFlight): Promise<void> {
    if (!isWorthAnother(error) || attempt >= MOST_ATTEMPTS || this.isClosed) throw error;
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
    // Anywhere in it, so that those who failed together do not come back together.
    const milliseconds = (error.retryAfterSeconds ?? 0) * 1_000 + longest * this.runtime.random();
    if (!flight.isAwaitedAfter(milliseconds, error) || !this.budget.take()) throw error;
    await new Promise<void>((resolve) => this.runtime.after(milliseconds, resolve));
  }
}

function isWorthAnother(error: unknown): error is CountersignError {
  return error instanceof CountersignError && error.retryable && error.reason !== 'TOKEN_ENDPOINT_ANSWER_INVALID';
}
