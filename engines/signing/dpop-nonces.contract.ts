/**
 * Hides how nonces for DPoP proofs are made and known again without keeping any. Called by Managers.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

export interface DpopNonces {
  /** The one to use now; good for 2 to 5 minutes on every replica. @throws CodedError `SIGNING_UNAVAILABLE` */
  current(context: CallContext): string;

  /** Whether it is one of ours and still good. @throws CodedError `SIGNING_UNAVAILABLE` */
  isFresh(context: CallContext, nonce: string): boolean;
}

export const DPOP_NONCES: unique symbol = Symbol('DpopNonces');
