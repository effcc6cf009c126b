import type { CatalogueEntry } from '../catalogue-entry.js';

/** Live data: tenants, subjects, groups, assignments, grants, subscriptions, flags. */
export const LIVE_DATA_ERRORS = {
  LIVE_DATA_INVALID: {
    summary: 'The live data is not valid; nothing was changed.',
    cause:
      'A record names something that is not there, contradicts another one, has an identity that belongs to somebody else, a window that ends before it begins, or would put a group inside itself.',
    remedy: [
      'Correct every fault that is listed; each says which record it is about.',
      'Try it first without changing anything.',
    ],
  },
  LIVE_DATA_UNKNOWN: {
    summary: 'There is no such tenant, or no such row of live data.',
    cause: 'The name or id is misspelt, belongs to another tenant, or was removed.',
    remedy: ['List what there is.', 'See in the change log what became of it.'],
  },
} as const satisfies Record<string, CatalogueEntry>;
