import type { RankedCause, SaidNo } from './contract.js';

/** What one reader found in a text. */
export interface Found {
  readonly saidBy: SaidNo;
  readonly causes: readonly RankedCause[];
}

/** Knows one language of errors. Takes time that grows with the length of the text alone. */
export type Reader = (text: string) => Found | undefined;
