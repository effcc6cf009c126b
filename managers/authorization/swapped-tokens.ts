import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { RevocableToken } from '#accessors/grants/revocation.contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { actorCutOffOf, type ActingToken } from './acting-cut-offs.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { RuledCheck } from './check.sequence.js';
import type { AuthenticatedClient } from './contract.js';
import type { ExchangeSequence } from './exchange.sequence.js';
import type { GatewayToken } from './gateway.contract.js';
import { policyVersionOf } from './policy-version.js';

/** What all kept tokens may take, in characters. */
const MOST_KEPT = 16 * 1024 * 1024;
/** What is kept beside a token, about. */
const BESIDE_TOKEN = 1_024;
/** A token is not handed out again for less. */
const LEAST_SECONDS_LEFT = 30;
/** How long one is handed out without a look at the key that signed it. */
const LOOK_AGAIN_MS = 1_000;
const NO_KEYS: AuthenticatedClient['shown'] = Object.freeze([]);
const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

/** A token that was issued for another one, and everything that it came of besides what it is kept under. */
interface Kept {
  readonly token: GatewayToken;
  readonly revocable: RevocableToken & ActingToken;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly standing: string;
  readonly audience: string;
  /** When its signature was last looked at, in milliseconds. */
  lookedAt: number;
}

interface Swap {
  readonly client: AuthenticatedClient;
  readonly token: string;
  readonly ruled: RuledCheck;
}

type Parts = Pick<
  AuthorizationParts,
  'signingEngine' | 'registrationAccess' | 'revocationAccess' | 'changeFeed' | 'clock' | 'counters'
>;

/**
 * Tokens of ours in the place of those that come in. One is handed out again while every input and every epoch is the same: the token,
 * the client, the application, the tenant; the policy, the facts, what the token and fact sources tell, and the epoch of all that
 * belongs to no tenant, which clients, applications, issuers and keys are. Whether it was revoked is looked up each time.
 *
 * SECURITY: whether the token that came in is still good is decided before, for every request. What is kept under is a digest: nobody
 * who reads the memory of the process finds a token of the identity provider in it here.
 */
export class SwappedTokens {
  private readonly kept = new LRUCache<string, Kept>({
    maxSize: MOST_KEPT,
    sizeCalculation: ({ token, standing }) => token.value.length + standing.length + BESIDE_TOKEN,
  });
  private readonly flights = new Map<string, Promise<Kept>>();

  constructor(
    private readonly deps: Parts,
    private readonly exchanges: Pick<ExchangeSequence, 'run'>,
  ) {}

  /** @throws CodedError as an exchange does */
  async swap(context: CallContext, swap: Swap): Promise<GatewayToken> {
    const standing = this.standingOf(swap.ruled);
    const key = keyOf(swap);
    const known = this.kept.get(key);
    if (known?.standing === standing && this.isGood(context, known)) {
      this.deps.counters.increment('gateway.tokens', 'kept');
      return known.token;
    }
    const flight = `${key} ${standing}`;
    const under = this.flights.get(flight);
    if (under !== undefined) {
      // What went wrong may have gone wrong for whoever began it alone: everybody who joined tries once for itself.
      const shared = await under.catch(() => undefined);
      if (shared !== undefined) return shared.token;
    }
    return (await this.issueFor(context, swap, { key, standing, flight })).token;
  }

  private async issueFor(
    context: CallContext,
    swap: Swap,
    { key, standing, flight }: { readonly key: string; readonly standing: string; readonly flight: string },
  ): Promise<Kept> {
    const issuing = this.issue(context, swap, standing);
    this.flights.set(flight, issuing);
    try {
      const made = await issuing;
      if (this.secondsLeft(made) >= LEAST_SECONDS_LEFT) this.kept.set(key, made);
      this.deps.counters.increment('gateway.tokens', 'issued');
      return made;
    } finally {
      if (this.flights.get(flight) === issuing) this.flights.delete(flight);
    }
  }

  private async issue(context: CallContext, { client, token, ruled }: Swap, standing: string): Promise<Kept> {
    const { audience } = ruled.application;
    // SECURITY: as it is registered by now. By what it was when the request came in, a token would be kept that says more than it may
    // have had since, and under the epoch of that change.
    const registration = await this.deps.registrationAccess.clientNamed(context, client.registration.clientId);
    if (registration === undefined)
      throw new CodedError('CLIENT_UNAUTHENTICATED', { internal: 'the client is not active any more' });
    // What the gateway shows of itself binds nothing: what is behind it could not tell that key.
    const { accessToken, tokenType } = await this.exchanges.run(
      context,
      { ...client, registration, shown: NO_KEYS },
      {
        subjectToken: token,
        subjectTokenType: TOKEN_TYPE,
        actorToken: undefined,
        actorTokenType: undefined,
        requestedTokenType: undefined,
        audience: [audience],
        resource: [],
        scope: undefined,
        // SECURITY: the tenant that it was decided in, and no other.
        tenant: ruled.slug,
        impersonation: false,
      },
    );
    // A gateway has nothing to prove a key with.
    if (tokenType !== 'Bearer') throw new CodedError('BINDING_REQUIRED', { internal: 'a bound token was issued to a gateway' });
    const verdict = this.deps.signingEngine.verifyIssued(context, accessToken, audience);
    if (!verdict.genuine) throw new CodedError('INTERNAL', { internal: `a token that was just issued: ${verdict.fault}` });
    const { tokenId, tenant, subject, clientId, issuedAt, origin, act, expiresAt, permissions } = verdict.claims;
    return {
      token: { value: accessToken, permissionCount: permissions.length },
      revocable: { tokenId, tenant, subject, clientId, issuedAt, origin, act },
      ...{ expiresAt, standing, audience },
      lookedAt: this.deps.clock.now(),
    };
  }

  /** @throws CodedError `REVOCATIONS_UNKNOWN` */
  private isGood(context: CallContext, kept: Kept): boolean {
    if (this.secondsLeft(kept) < LEAST_SECONDS_LEFT) return false;
    const { revocable } = kept;
    const revoked = this.deps.revocationAccess.revokes(context, revocable) ?? actorCutOffOf(this.deps, context, revocable);
    return revoked === undefined && this.isStillSigned(context, kept);
  }

  /**
   * SECURITY: that a key was revoked is known a moment before the keyring has been read again. What it signed in between is kept under
   * the epoch of the revocation, and nobody takes it any more.
   */
  private isStillSigned(context: CallContext, kept: Kept): boolean {
    const now = this.deps.clock.now();
    if (Math.abs(now - kept.lookedAt) < LOOK_AGAIN_MS) return true;
    const { genuine } = this.deps.signingEngine.verifyIssued(context, kept.token.value, kept.audience);
    if (genuine) kept.lookedAt = now;
    return genuine;
  }

  private secondsLeft({ expiresAt }: Kept): number {
    return expiresAt - this.deps.clock.now() / 1_000;
  }

  /** Taken before anything is issued: what changes meanwhile makes it another one. */
  private standingOf({ reading: { policy, facts, external, claims } }: RuledCheck): string {
    const told = external.values.size + external.unavailable.size === 0 ? [] : [...external.values, ...external.unavailable];
    const platform = this.deps.changeFeed.epochOf(PLATFORM_TENANT);
    return JSON.stringify([platform, policyVersionOf(policy), facts.epoch, claims, told]);
  }
}

/** No member can run into the next. */
function keyOf({ client, token, ruled }: Swap): string {
  const { clientId } = client.registration;
  return hash('sha256', JSON.stringify([token, clientId, ruled.application.audience, ruled.slug]), 'base64url');
}
