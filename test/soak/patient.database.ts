import { setTimeout as delay } from 'node:timers/promises';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { isCodedError } from '#utilities/errors/coded-error.js';

const TRIES = 10;
const PAUSE_MS = 500;

/**
 * Tries a statement again while the server does not answer in time: what is soaked is the rotation, and a machine that is busy with
 * something else for a moment must not end a run of years. Statements of a unit of work are left alone.
 */
export function patient(inner: OpenDatabase): OpenDatabase {
  const trying = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await act();
      } catch (error) {
        const mayPass = isCodedError(error) && error.code === 'STORE_UNAVAILABLE' && !inner.isInsideUnit();
        if (!mayPass || tries === TRIES) throw error;
        await delay(PAUSE_MS);
      }
    }
  };
  return {
    ...inner,
    query: (sql, parameters) => trying(() => inner.query(sql, parameters)),
    prepared: (name, sql, parameters) => trying(() => inner.prepared(name, sql, parameters)),
  };
}
