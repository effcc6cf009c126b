import { fetchBounded } from './bounded-fetch.js';
import { CountersignError } from './countersign-error.js';
import { type PublicKey, readKeySet, type SignatureAlgorithm } from './public-keys.js';
import { millisecondsSince, momentOf, type Moment, type Runtime } from './runtime.js';

const MOST_BYTES = 100 * 1_024;
const LAST_KNOWN_GOOD_MS = 3_600_000;
/** While there are no keys, calls ask again no sooner than this. */
const ASK_AGAIN_AFTER_MS = 5_000;
const BURST = 2;
const ONE_MORE_EVERY_MS = 30_000;

interface Settings {
  readonly url: URL;
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly runtime: Runtime;
}

/** The keys of the issuer: fetched whole, kept for an hour at most without a new answer. */
export class KeySource {
  private held: { readonly keys: ReadonlyMap<string, PublicKey>; readonly at: Moment } | undefined;
  private loading: Promise<void> | undefined;
  private attempted: Moment | undefined;
  /** Of the newest attempt. */
  private failure: unknown;
  private allowance = BURST;
  private allowedAt: Moment;

  constructor(private readonly settings: Settings) {
    this.allowedAt = momentOf(settings.runtime);
  }

  /** At once. `undefined`: unknown, or everything that is known is too old. */
  known(kid: string): PublicKey | undefined {
    return this.usable()?.get(kid);
  }

  /**
   * As `known`, and asks the issuer where it may.
   *
   * @throws CountersignError `KEYS_UNAVAILABLE`, `TOKEN_KEY_UNKNOWN`
   */
  async find(kid: string): Promise<PublicKey> {
    if (this.mayAsk()) await this.refresh();
    const keys = this.usable();
    const key = keys?.get(kid);
    if (key !== undefined) return key;
    // Whether the key is the issuer's cannot be told while the issuer does not answer: that is nothing against the token.
    if (keys === undefined || this.failure !== undefined) throw new CountersignError('KEYS_UNAVAILABLE', this.failure);
    throw new CountersignError('TOKEN_KEY_UNKNOWN');
  }

  /** Never rejects; many calls at once are one request. */
  refresh(): Promise<void> {
    this.loading ??= this.load().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async load(): Promise<void> {
    const at = momentOf(this.settings.runtime);
    this.attempted = at;
    try {
      const bytes = await fetchBounded(this.settings.url, MOST_BYTES);
      // In the place of the old ones, not beside them: a key that the issuer took back is gone.
      this.held = { keys: readKeySet(bytes, this.settings.algorithms), at };
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
    }
  }

  private usable(): ReadonlyMap<string, PublicKey> | undefined {
    if (this.held === undefined) return undefined;
    return millisecondsSince(this.settings.runtime, this.held.at) < LAST_KNOWN_GOOD_MS ? this.held.keys : undefined;
  }

  private mayAsk(): boolean {
    if (this.loading !== undefined || this.attempted === undefined) return true;
    if (this.usable() !== undefined) return this.takeAllowance();
    return millisecondsSince(this.settings.runtime, this.attempted) >= ASK_AGAIN_AFTER_MS;
  }

  /** SECURITY: a stranger invents key ids at no cost; the issuer is not to be asked for each. */
  private takeAllowance(): boolean {
    const more = Math.floor(millisecondsSince(this.settings.runtime, this.allowedAt) / ONE_MORE_EVERY_MS);
    if (more > 0) {
      this.allowance = Math.min(BURST, this.allowance + more);
      this.allowedAt = momentOf(this.settings.runtime);
    }
    if (this.allowance === 0) return false;
    this.allowance -= 1;
    return true;
  }
}
