const LONGEST = 120;

/**
 * A value from a token as one short line of printable ASCII, for findings: what an attacker writes cannot forge or garble a
 * line in a log or on a terminal.
 */
export function quoted(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value).replace(/[^\x20-\x7e]/gu, escaped);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}...`;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
