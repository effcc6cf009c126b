/**
 * Hides how identifiers are made. Anyone may call. Never call `randomUUID` or `Math.random` anywhere else.
 */
export interface IdSource {
  /** A random UUID (version 4), lower case with hyphens: token ids and diagnostic ids. */
  random(): string;
  /** A time-ordered UUID (version 7, RFC 9562 §5.7): row ids, so that an index grows at one end. */
  ordered(): string;
}

export const ID_SOURCE: unique symbol = Symbol('IdSource');
