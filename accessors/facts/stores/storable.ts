/** A lone half of a surrogate pair becomes another character in UTF-8; PostgreSQL stores no NUL. */
const UNSTORABLE = /[\p{Surrogate}\u0000]/u;

/** SECURITY: text that the wire encoding would alter must not be looked up, for it would find somebody else. */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}
