/**
 * Hides how single use is enforced across processes: what was used is remembered until it could not be used anyway.
 * Called by Managers. Holds digests alone: nothing that is kept here could be used again.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** What may be used once. Each use is a space of names of its own: the same id in another is another thing. */
export type SingleUse = 'client_assertion' | 'dpop_proof';

export interface UsedId {
  readonly use: SingleUse;
  /** Whose ids these are: a client id, or the thumbprint of a key. An id is single within its owner alone. */
  readonly owner: string;
  /** `jti` as it was received. */
  readonly id: string;
  /** Unix seconds after which whatever carries it is refused for its age: it need not be remembered any longer. */
  readonly until: number;
}

/**
 * `first`: nobody used it before, on any replica. `first-here`: the store could not be asked; nobody used it in this process, and
 * the installation has chosen to go on with that. `repeated`: it was used before.
 */
export type UseOutcome = 'first' | 'first-here' | 'repeated';

export interface GrantsAccess {
  /**
   * Marks an id as used and tells whether it was before. Of any number of simultaneous calls with the same id, on all replicas, one
   * is told `first`. What is remembered in this process is bounded; when the bound is reached, ids that have not ended are never
   * forgotten in favour of new ones: new ones are refused.
   *
   * @throws CodedError `REPLAY_UNCHECKED` when the store cannot be asked and the installation has chosen to refuse then, or when
   *   the bound is reached
   */
  useOnce(context: CallContext, used: UsedId): Promise<UseOutcome>;
}

export const GRANTS_ACCESS: unique symbol = Symbol('GrantsAccess');
