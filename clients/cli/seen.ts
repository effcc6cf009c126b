/** What moves a terminal's cursor, or turns text around. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** SECURITY: text that somebody else wrote, on its way to an operator's terminal: nothing in it moves or hides anything. */
export function seen(text: string): string {
  return text.replaceAll(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
