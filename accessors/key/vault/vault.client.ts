import { setTimeout as wait } from 'node:timers/promises';
import { randomInt } from 'node:crypto';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { RetryBudget } from './retry.budget.js';
import { readChallenge, type VaultChallenge } from './vault.challenge.js';
import { answerInvalid, faultOfAnswer, faultOfConnection, LONGEST_WAIT_SECONDS } from './vault.faults.js';
import { VaultConnectionFault, type VaultHttp, type VaultHttpAnswer } from './vault.http.js';
import type { VaultTokens } from './vault.tokens.js';

export interface VaultCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** From the root of the vault, each part encoded. */
  readonly path: string;
  /** Beside `api-version`, encoded. */
  readonly query?: string;
  readonly body?: object;
  /** For the log. */
  readonly what: string;
  /** Whether sending it twice does no harm. */
  readonly repeatable: boolean;
  /** Called before each attempt; what it throws ends the call. */
  readonly admit?: () => void;
}

interface Dependencies {
  readonly vaultUrl: URL;
  readonly http: Pick<VaultHttp, 'send'>;
  readonly tokens: VaultTokens;
  readonly clock: Clock;
  readonly trustedLoginHosts: readonly string[];
}

const API_VERSION = '2025-07-01';
const MOST_RETRIES = 2;
const DEADLINE_MS = 8_000;
const LONGEST_PAUSE_MS = 2_000;
/** A vault that hangs must not collect everything that waits for it. */
const MOST_IN_FLIGHT = 512;
const TRANSIENT: ReadonlySet<string> = new Set(['VAULT_TIMEOUT', 'VAULT_UNREACHABLE', 'VAULT_UNAVAILABLE', 'VAULT_THROTTLED']);

/**
 * Calls to one vault: with its challenge answered, its faults told apart, a few repetitions, and its `Retry-After` kept by all
 * calls of this process.
 */
export class VaultClient {
  private challenge: VaultChallenge | undefined;
  private closed: { readonly until: number } | undefined;
  private readonly budget = new RetryBudget();
  private inFlight = 0;

  constructor(private readonly deps: Dependencies) {}

  /** The members of the answer. @throws CodedError a code of the vault */
  async call(call: VaultCall): Promise<Record<string, unknown>> {
    if (this.inFlight >= MOST_IN_FLIGHT) throw notAsked(call.what, 'too many calls wait already', 1);
    this.inFlight += 1;
    try {
      return await this.callWithRetries(call);
    } finally {
      this.inFlight -= 1;
    }
  }

  private async callWithRetries(call: VaultCall): Promise<Record<string, unknown>> {
    const startedAt = this.deps.clock.monotonic();
    this.budget.earn();
    for (let retries = 0; ; retries += 1) {
      try {
        return await this.attempt(call);
      } catch (cause) {
        const pause = this.pauseBefore(call, cause, retries);
        const spent = this.deps.clock.monotonic() - startedAt;
        if (pause === undefined || spent + pause > DEADLINE_MS || !this.budget.spend()) throw cause;
        await wait(pause);
      }
    }
  }

  private async attempt(call: VaultCall): Promise<Record<string, unknown>> {
    this.checkOpen(call.what);
    call.admit?.();
    const answer = await this.sendWithToken(call);
    if (answer.status === 200 || answer.status === 201) return membersOf(call.what, answer.text);
    const fault = faultOfAnswer(call.what, answer);
    if (fault.code === 'VAULT_THROTTLED') this.close(fault);
    throw fault;
  }

  /** A first 401 brings the challenge, and a token may have lost its worth: after a new one a 401 is an answer. */
  private async sendWithToken(call: VaultCall): Promise<VaultHttpAnswer> {
    const known = this.challenge;
    const first = known === undefined ? await this.send(call, null) : await this.sendAs(call, known);
    if (first.answer.status !== 401) return first.answer;
    if (first.token !== null) this.deps.tokens.drop(first.token);
    const { vaultUrl, trustedLoginHosts } = this.deps;
    const challenge = readChallenge(first.answer.headers['www-authenticate'], vaultUrl, trustedLoginHosts);
    this.challenge = challenge;
    const second = await this.sendAs(call, challenge).catch((cause: unknown) => {
      // Held back, since the token was new: what the vault printed says more.
      if (isCodedError(cause) && cause.code === 'VAULT_UNAUTHENTICATED') return first;
      throw cause;
    });
    if (second.answer.status === 401 && second.token !== null) this.deps.tokens.drop(second.token);
    return second.answer;
  }

  private async sendAs(call: VaultCall, challenge: VaultChallenge): ReturnType<VaultClient['send']> {
    return this.send(call, await this.deps.tokens.token(challenge));
  }

  /** Without a token nothing is sent but the question: the body waits until the other side has said who it is. */
  private async send(call: VaultCall, token: string | null): Promise<{ answer: VaultHttpAnswer; token: string | null }> {
    const query = call.query === undefined || call.query === '' ? '' : `&${call.query}`;
    const url = new URL(`${call.path}?api-version=${API_VERSION}${query}`, this.deps.vaultUrl);
    const headers = token === null ? {} : { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const content = call.body === undefined || token === null ? {} : { body: JSON.stringify(call.body) };
    try {
      const answer = await this.deps.http.send({ method: call.method, url, headers, ...content });
      return { answer, token };
    } catch (cause) {
      throw cause instanceof VaultConnectionFault ? faultOfConnection(call.what, cause) : cause;
    }
  }

  /** Milliseconds before the next attempt; `undefined`: there is none. */
  private pauseBefore(call: VaultCall, cause: unknown, retries: number): number | undefined {
    if (!isCodedError(cause) || !call.repeatable || retries >= MOST_RETRIES || !TRANSIENT.has(cause.code)) return undefined;
    // Full jitter, so that what failed together does not come back together.
    const jitter = randomInt(50, 100 * 2 ** retries + 51);
    const asked = cause.code === 'VAULT_THROTTLED' ? (cause.details.retryAfterSeconds ?? 1) * 1_000 : 0;
    return asked > LONGEST_PAUSE_MS ? undefined : asked + jitter;
  }

  private close(fault: CodedError): void {
    const seconds = Math.min(fault.details.retryAfterSeconds ?? 1, LONGEST_WAIT_SECONDS);
    this.closed = { until: this.deps.clock.monotonic() + seconds * 1_000 };
  }

  private checkOpen(what: string): void {
    const left = (this.closed?.until ?? 0) - this.deps.clock.monotonic();
    if (this.closed === undefined || left <= 0) return;
    throw notAsked(what, 'the vault is throttling', Math.max(1, Math.ceil(left / 1_000)));
  }
}

function notAsked(what: string, why: string, retryAfterSeconds: number): CodedError {
  return new CodedError('VAULT_THROTTLED', { internal: `${what}: not asked, ${why}`, retryAfterSeconds });
}

function membersOf(what: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Falls through: what is not JSON is no answer of a vault.
  }
  throw answerInvalid(what, 'not a JSON object');
}
