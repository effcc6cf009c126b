import type { OpenDatabase } from '#utilities/database/open.database.js';

/** A database whose announcements nobody hears, so that a test decides when a process learns of a change. */
export function deaf(inner: OpenDatabase): OpenDatabase {
  return {
    engine: inner.engine,
    query: (sql, parameters) => inner.query(sql, parameters),
    prepared: (name, sql, parameters) => inner.prepared(name, sql, parameters),
    announce: () => Promise.resolve(),
    run: (work) => inner.run(work),
    listen: () => Promise.resolve(() => Promise.resolve()),
    isInsideUnit: () => inner.isInsideUnit(),
    close: () => inner.close(),
    pendingMigrations: () => inner.pendingMigrations(),
    migrate: () => inner.migrate(),
    revertMigrations: () => inner.revertMigrations(),
    refuseIfOutdated: () => inner.refuseIfOutdated(),
  };
}
