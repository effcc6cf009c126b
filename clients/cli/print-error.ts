import { CATALOGUE } from '#utilities/errors/catalogue.js';
import type { CatalogueEntry } from '#utilities/errors/catalogue-entry.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { toCodedError } from '../coded-error-of.js';

/** Prints what was wrong, where and what to do next, to standard error. */
export function printError(thrown: unknown): void {
  const error = toCodedError(thrown);
  const entry: CatalogueEntry = CATALOGUE[error.code];
  const { actual, expected, internal } = error.details;
  const lines = [`error ${error.code}: ${entry.summary}`];
  if (actual !== undefined) lines.push(...indented(actual));
  if (internal !== undefined) lines.push(...indented(internal));
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  if (!isCodedError(thrown)) lines.push(`  ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
  lines.push('  what to do:', ...entry.remedy.map((step) => `    - ${step}`));
  console.error(lines.join('\n'));
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
