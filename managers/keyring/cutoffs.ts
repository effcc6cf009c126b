import type { RevocationAccess, StandingRevocation } from '#accessors/grants/revocation.contract.js';
import type { Keyring, KeyringAccess } from '#accessors/key/contract.js';
import type { RotationPolicy, SigningEngine } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { toldRevocations } from './told-revocations.js';

const LIFETIME_SECONDS = 3_600;
const RENEW_AFTER_MS = (LIFETIME_SECONDS * 1_000) / 3;
/** Anybody may ask, so the database is asked less often. */
const LOOK_AGAIN_AFTER_MS = 5_000;
/** Nobody keeps our key set for longer without asking again. */
const TOLD_FOR_MS = 30 * 86_400_000;

interface Dependencies {
  readonly revocationAccess: Pick<RevocationAccess, 'current'>;
  readonly keyringAccess: KeyringAccess;
  readonly signingEngine: SigningEngine;
  readonly policy: RotationPolicy;
  readonly clock: Clock;
}

interface Signed {
  readonly token: string;
  readonly epoch: number;
  readonly revocations: readonly StandingRevocation[];
  readonly at: number;
}

/** The cut-off document as it is served: signed when the keyring or a revocation changed or the last one grows old, never for each request. */
export class Cutoffs {
  private signed: Signed | undefined;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private looking: Promise<void> | undefined;

  constructor(private readonly deps: Dependencies) {}

  async current(context: CallContext): Promise<string> {
    const now = this.deps.clock.monotonic();
    if (this.signed === undefined || now - this.lookedAt >= LOOK_AGAIN_AFTER_MS) await this.look(context);
    if (this.signed === undefined || now - this.signed.at >= LIFETIME_SECONDS * 1_000)
      throw new CodedError('SIGNING_UNAVAILABLE');
    return this.signed.token;
  }

  private async look(context: CallContext): Promise<void> {
    this.looking ??= this.renew(context).finally(() => {
      this.looking = undefined;
    });
    try {
      await this.looking;
    } catch (error) {
      // While the database is away the last document is as good as its expiry says.
      if (this.signed === undefined) throw error;
    }
  }

  private async renew(context: CallContext): Promise<void> {
    const at = this.deps.clock.monotonic();
    this.lookedAt = at;
    const ring = await this.deps.keyringAccess.keyring(context);
    const { sequence, revocations } = this.deps.revocationAccess.current(context);
    const { epoch } = ring;
    if (this.isSigned(epoch, revocations) && at - (this.signed?.at ?? 0) < RENEW_AFTER_MS) return;
    const revoked = toldRevocations(revocations, Math.floor(this.deps.clock.now() / 1_000));
    const document = { ...stoppedIn(ring), revoked, ...this.frame(epoch, sequence) };
    this.signed = { token: await this.deps.signingEngine.signCutoffs(context, document), epoch, revocations, at };
  }

  /** The array is another one as soon as anything is revoked. */
  private isSigned(epoch: number, revocations: readonly StandingRevocation[]): boolean {
    return this.signed?.epoch === epoch && this.signed.revocations === revocations;
  }

  /** Each of the two only grows, and so does the sum. */
  private frame(keys: number, revocations: number) {
    const [algorithm = 'ES256'] = this.deps.policy.algorithms;
    return { algorithm, sequence: keys + revocations, sequences: { keys, revocations }, lifetimeSeconds: LIFETIME_SECONDS };
  }
}

function stoppedIn({ keys, now }: Keyring) {
  const told = keys.filter((key) => now - (key.endedAt ?? now) <= TOLD_FOR_MS);
  return {
    revokedKeys: told.filter(({ state }) => state === 'revoked').map(({ kid, endedAt }) => ({ kid, revokedAt: endedAt ?? now })),
    taintedKeys: told
      .filter(({ state }) => state === 'tainted')
      .map(({ kid, stoppedAt }) => ({ kid, taintedAt: stoppedAt ?? now })),
  };
}
