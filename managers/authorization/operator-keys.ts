import type { IssuedVerdict } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { OperatorToken } from './contract.js';
import { ADMINISTRATION_AUDIENCE } from './operators-tenant.js';
import { type Showing, ShownKeys } from './shown-keys.js';

interface OperatorReading extends Pick<Showing, 'once'> {
  readonly verdict: IssuedVerdict;
}

/** Reads the token of an operator together with the keys that came with it: a bound token is good with its own key alone. */
export class OperatorKeys {
  private readonly keys: ShownKeys;

  constructor(private readonly deps: AuthorizationParts) {
    this.keys = new ShownKeys(deps);
  }

  /**
   * The verdict on the token. It counts when `use` has marked the proof that came with it.
   *
   * @throws CodedError `OPERATOR_UNAUTHENTICATED`, with the nonce to use if that is what is missing
   */
  read(context: CallContext, operator: OperatorToken): OperatorReading {
    const { shown, once } = this.judged(context, operator);
    const audience = ADMINISTRATION_AUDIENCE;
    return { verdict: this.deps.signingEngine.verifyIssued(context, operator.token, { audience, shown }), once };
  }

  /**
   * Marks the proof as used, where the token is genuine.
   *
   * @throws CodedError `OPERATOR_UNAUTHENTICATED` when it was used before; `REPLAY_UNCHECKED`
   */
  async use(context: CallContext, { verdict, once }: OperatorReading): Promise<void> {
    if (!verdict.genuine || once === undefined) return;
    // RFC 9449 §7.1: the scheme says that the token is bound to a key of a proof, and this one is not.
    if (!Object.hasOwn(verdict.claims.confirmation ?? {}, 'jkt'))
      throw refusal('the scheme DPoP, and the token is not bound to a key');
    await this.keys.use(context, once).catch(asOperatorFault);
  }

  private judged(context: CallContext, { scheme, token, presented }: OperatorToken): Showing {
    const hasProof = (presented?.dpop ?? null) !== null;
    if (hasProof !== (scheme === 'DPoP')) throw refusal(`the scheme ${scheme} ${hasProof ? 'with' : 'without'} a proof`);
    try {
      return this.keys.judge(context, presented, { hasCredentials: true, accessToken: token });
    } catch (error) {
      return asOperatorFault(error);
    }
  }
}

/** At our own APIs whatever is wrong with a proof is 401 (RFC 9449 §7.1, §9). */
function asOperatorFault(error: unknown): never {
  if (!isCodedError(error) || !error.code.startsWith('DPOP_')) throw error;
  const { internal = error.code, nonce } = error.details;
  throw refusal(internal, nonce);
}

function refusal(internal: string, nonce?: string): CodedError {
  return new CodedError('OPERATOR_UNAUTHENTICATED', { internal, ...(nonce === undefined ? {} : { nonce }) });
}
