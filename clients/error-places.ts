/** Where a caller that was refused reads on. Both are absolute, and open to anybody. */
export interface ErrorPlaces {
  /** The code of an error follows it. */
  readonly pages: string;
  /** What describes the administration to its tools (RFC 9728). */
  readonly administration: string;
}

export const ERROR_PLACES: unique symbol = Symbol('ErrorPlaces');
