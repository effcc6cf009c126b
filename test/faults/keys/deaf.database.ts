import type { OpenDatabase } from '#utilities/database/open.database.js';

/** A database whose announcements nobody hears, so that a test decides when a process learns of a change. */
export function deaf(inner: OpenDatabase): OpenDatabase {
  return { ...inner, announce: () => Promise.resolve(), listen: () => Promise.resolve(() => Promise.resolve()) };
}
