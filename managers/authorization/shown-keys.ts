import { hash } from 'node:crypto';
import type { GrantsAccess, UsedId } from '#accessors/grants/contract.js';
import type { DpopNonces } from '#engines/signing/dpop-nonces.contract.js';
import type { CallerProofs } from '#engines/token-validation/caller-proofs.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { GrantSettings } from '#utilities/config/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { PresentedKeys, ShownKey } from './contract.js';

export interface ShownKeysParts {
  readonly callerProofs: Pick<CallerProofs, 'judgeDpop'>;
  readonly dpopNonces: DpopNonces;
  readonly grantsAccess: GrantsAccess;
  readonly nonces: GrantSettings['dpopNonces'];
}

/** Who sends the proof, as far as it is known when the proof is judged. */
export interface Sender {
  /** Whether it came with credentials of a client, or a token of an operator. */
  readonly hasCredentials: boolean;
  /** The token that the proof comes with; `null`: none, as in a token request. */
  readonly accessToken: string | null;
}

export interface Showing {
  readonly shown: readonly ShownKey[];
  /** What `use` has to be asked with once the sender is known; `undefined`: nothing is used once. */
  readonly once: UsedId | undefined;
}

const NOTHING: Showing = Object.freeze({ shown: Object.freeze([]), once: undefined });

/** Which keys a caller holds: that of its TLS certificate, and that of its DPoP proof. */
export class ShownKeys {
  constructor(private readonly deps: ShownKeysParts) {}

  /**
   * Judges what the transport has; asks nobody. A proof counts for good only when `use` has marked it.
   *
   * @throws CodedError `DPOP_PROOF_INVALID`, `DPOP_NONCE_REQUIRED` with the nonce to use
   */
  judge(context: CallContext, presented: PresentedKeys | undefined, sender: Sender): Showing {
    if (presented === undefined) return NOTHING;
    const { certificate, dpop } = presented;
    if (certificate === null && dpop === null) return NOTHING;
    const held = certificate === null ? [] : [{ 'x5t#S256': hash('sha256', certificate.der, 'base64url') }];
    if (dpop === null) return { shown: held, once: undefined };
    const verdict = this.deps.callerProofs.judgeDpop(context, { ...dpop, accessToken: sender.accessToken });
    if (!verdict.accepted) throw new CodedError(verdict.code, { internal: verdict.actual, expected: verdict.expected });
    this.refuseStaleNonce(context, verdict.nonce, sender);
    const { jkt } = verdict.confirmation;
    return { shown: [...held, { jkt }], once: { use: 'dpop_proof', owner: jkt, ...verdict.once } };
  }

  /**
   * Marks the proof as used. Only when its sender is known: nobody unauthenticated can fill the store.
   *
   * @throws CodedError `DPOP_PROOF_INVALID` when it was used before, `REPLAY_UNCHECKED`
   */
  async use(context: CallContext, once: UsedId): Promise<'first' | 'first-here'> {
    const outcome = await this.deps.grantsAccess.useOnce(context, once);
    if (outcome !== 'repeated') return outcome;
    throw new CodedError('DPOP_PROOF_INVALID', {
      internal: 'the jti was used before',
      expected: 'a new proof for every request',
    });
  }

  /** SECURITY: a nonce that is there has to be fresh, also where none is required: an old one says that the proof is old. */
  private refuseStaleNonce(context: CallContext, nonce: string | null, { hasCredentials }: Sender): void {
    const { dpopNonces, nonces } = this.deps;
    if (nonce === null && (nonces === 'off' || (nonces === 'public-clients' && hasCredentials))) return;
    if (nonce !== null && dpopNonces.isFresh(context, nonce)) return;
    throw new CodedError('DPOP_NONCE_REQUIRED', { nonce: dpopNonces.current(context) });
  }
}
