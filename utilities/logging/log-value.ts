const MAX_CHARACTERS = 1024;
const MAX_ITEMS = 64;

/**
 * Characters that JSON leaves as they are and that terminals and log viewers act on: DEL and the C1 controls (0x9b starts an
 * ANSI sequence, 0x85 ends a line), the Unicode line and paragraph separators, and the marks that reverse the reading direction.
 */
const ACTIVE = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

type LogValue = string | number | boolean | null | undefined | readonly string[];

/** SECURITY: makes a value safe to show, since parts of it may have been chosen by whoever sent a request. */
export function safeLogValue(value: LogValue): LogValue {
  if (typeof value === 'string') return safeText(value);
  if (typeof value !== 'object' || value === null) return value;
  const items = value.slice(0, MAX_ITEMS).map(safeText);
  return value.length > MAX_ITEMS ? [...items, `… ${value.length - MAX_ITEMS} more`] : items;
}

function safeText(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)` : text;
  return cut.replace(ACTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
