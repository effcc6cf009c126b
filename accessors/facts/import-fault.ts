import { CodedError } from '#utilities/errors/coded-error.js';

const LISTED_FAULTS = 50;

/** Refuses the whole import, naming what is wrong with it. */
export function refuseImport(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > LISTED_FAULTS ? [`and ${faults.length - LISTED_FAULTS} more`] : [];
  throw new CodedError('IMPORT_INVALID', { actual: [...faults.slice(0, LISTED_FAULTS), ...more].join('\n') });
}

/** One fault for each slug that no tenant has. */
export function unknownTenants(slugs: readonly string[], known: ReadonlyMap<string, string>): string[] {
  return [...new Set(slugs)].filter((slug) => !known.has(slug)).map((slug) => `tenant ${slug} is not there`);
}
