import type { Fault } from '../identity-provider.contract.js';
import type { Need, ValidationState } from '../validation-state.js';

/** One rule about a token. */
export interface Check {
  /** The file name without `.check.ts`. */
  readonly name: string;
  /** What must be known before it can run. */
  readonly needs: readonly Need[];
  run(state: ValidationState): Fault | undefined | Promise<Fault | undefined>;
}
