import type { KnownCause } from '../contract.js';

/** What the token endpoint of Microsoft Entra ID says by number: `AADSTS50105`. */
export interface EntraCause extends KnownCause {
  /** Numbers that say it; the first is the commonest. */
  readonly numbers: readonly number[];
}

/** Microsoft's list of these numbers; where it says less, the source is named with the entry. */
export const REFERENCE = 'learn.microsoft.com: Microsoft Entra authentication and authorization error codes';
