import type { ErrorCode } from '#utilities/errors/catalogue.js';
import type { GrantCase, Restriction } from './contract.js';
import type { Grant } from './grant.js';

export interface Objection {
  readonly code: ErrorCode;
  readonly field: string;
  readonly because: string;
}

/** What a rule leaves of a grant that it does not object to. */
export interface Limit {
  /** The result is within each of these lists. */
  readonly within?: readonly (readonly string[])[];
  /** Unix seconds. */
  readonly notAfter?: number;
}

/** A restriction, and how it is judged. It refuses, it limits, or both; it never allows anything. */
export interface Rule extends Restriction {
  judge?(grant: Grant): Objection | undefined;
  limit?(grant: Grant): Limit;
}

export const EVERY_CASE: readonly GrantCase[] = Object.freeze(['own', 'on-behalf-of', 'impersonation']);
export const NO_EXEMPTION = Object.freeze({});
