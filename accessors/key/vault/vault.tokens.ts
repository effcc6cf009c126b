import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { VaultChallenge } from './vault.challenge.js';
import type { VaultCredential, VaultToken } from './vault.credential.js';

/** A token is fetched anew when this much of its life is left, and used on while that fails. */
const REFRESH_BEFORE_MS = 5 * 60_000;
/** Between failed requests for a token; doubled each time, up to the longest. Well below the 30 s that a fault may outlive its cause. */
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const NEW_FOR_MS = 60_000;

interface Failure {
  readonly cause: Error;
  readonly until: number;
  readonly pauseMs: number;
}

/** The access token of one vault: kept until shortly before its end, fetched by one of all that need it. */
export class VaultTokens {
  private held: VaultToken | undefined;
  private heldSince = 0;
  private fetching: Promise<VaultToken> | undefined;
  private failure: Failure | undefined;

  constructor(private readonly deps: { readonly credential: VaultCredential; readonly clock: Clock }) {}

  /** @throws CodedError `VAULT_CREDENTIAL_REFUSED`, `VAULT_CHALLENGE_UNTRUSTED` */
  async token(challenge: VaultChallenge): Promise<string> {
    const { held } = this;
    const left = held === undefined ? 0 : held.expiresAt - this.deps.clock.now();
    if (held !== undefined && left > REFRESH_BEFORE_MS) return held.value;
    if (held !== undefined && left > 0)
      return this.fetch(challenge).then(
        (token) => token.value,
        () => held.value,
      );
    return (await this.fetch(challenge)).value;
  }

  /** The vault did not take this token: it is not used again. Where it was new, the next one would fare no better at once. */
  drop(value: string): void {
    if (this.held?.value !== value) return;
    this.held = undefined;
    if (this.deps.clock.monotonic() - this.heldSince > NEW_FOR_MS) return;
    const cause = new CodedError('VAULT_UNAUTHENTICATED', { internal: 'the vault refused a new token', retryAfterSeconds: 1 });
    this.failure = { cause, pauseMs: SHORTEST_PAUSE_MS, until: this.deps.clock.monotonic() + SHORTEST_PAUSE_MS };
  }

  private fetch(challenge: VaultChallenge): Promise<VaultToken> {
    const { failure } = this;
    if (failure !== undefined && this.deps.clock.monotonic() < failure.until) return Promise.reject(failure.cause);
    this.fetching ??= this.acquire(challenge).finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async acquire(challenge: VaultChallenge): Promise<VaultToken> {
    try {
      const token = await this.deps.credential.acquire(challenge);
      this.held = token;
      this.heldSince = this.deps.clock.monotonic();
      this.failure = undefined;
      return token;
    } catch (cause) {
      const pauseMs = Math.min((this.failure?.pauseMs ?? SHORTEST_PAUSE_MS / 2) * 2, LONGEST_PAUSE_MS);
      const error = cause instanceof Error ? cause : new CodedError('VAULT_CREDENTIAL_REFUSED', { cause });
      this.failure = { cause: error, pauseMs, until: this.deps.clock.monotonic() + pauseMs };
      throw error;
    }
  }
}
