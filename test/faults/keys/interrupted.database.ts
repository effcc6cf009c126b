import type { OpenDatabase } from '#utilities/database/open.database.js';

/** What a process does with its database, one after the other; handed to whoever may want to end it there. */
export interface DatabaseStep {
  readonly kind: 'statement' | 'announcement' | 'commit';
  readonly moment: 'before' | 'after';
  /** The statement, or the channel. */
  readonly what: string;
}

/** A real database that tells each step before and after it is made. */
export function interrupted(inner: OpenDatabase, at: (step: DatabaseStep) => void): OpenDatabase {
  const told = async <Result>(kind: 'statement' | 'announcement', what: string, act: () => Promise<Result>): Promise<Result> => {
    at({ kind, moment: 'before', what });
    const result = await act();
    at({ kind, moment: 'after', what });
    return result;
  };
  return {
    ...inner,
    query: (sql, parameters) => told('statement', sql, () => inner.query(sql, parameters)),
    prepared: (name, sql, parameters) => told('statement', sql, () => inner.prepared(name, sql, parameters)),
    announce: (channel, payload) => told('announcement', channel, () => inner.announce(channel, payload)),
    run: async (work) => {
      const outermost = !inner.isInsideUnit();
      const result = await inner.run(async () => {
        const value = await work();
        if (outermost) at({ kind: 'commit', moment: 'before', what: 'commit' });
        return value;
      });
      if (outermost) at({ kind: 'commit', moment: 'after', what: 'commit' });
      return result;
    },
  };
}
