import pg from 'pg';
import type { ClientConfig, Pool, PoolClient } from 'pg';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Waiter } from './contract.js';

/** A server that does not answer in this time is not waited for; the connection in question is closed anyhow. */
const CANCEL_WITHIN_MS = 2_000;

/** Waits for a connection as long as `waiter` does. What comes later goes back to the pool unused. @throws CodedError `REQUEST_DEADLINE_EXCEEDED` */
export function connectFor(waiter: Waiter | undefined, pool: Pool): Promise<PoolClient> {
  if (waiter === undefined) return pool.connect();
  if (waiter.isGone) return Promise.reject(gone());
  return new Promise((resolve, reject) => {
    const forget = waiter.onGone(() => {
      reject(gone());
    });
    pool.connect().then(
      (client) => {
        forget();
        if (waiter.isGone) client.release();
        resolve(client);
      },
      (error: unknown) => {
        forget();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on unchanged
        reject(error);
      },
    );
  });
}

/**
 * Runs a statement as long as `waiter` waits, then cancels it at the server. Settles only when nothing of a cancellation can reach
 * the connection any more, which still must not serve anybody else.
 *
 * @throws CodedError `REQUEST_DEADLINE_EXCEEDED` when the waiter went, however the statement ended
 */
export async function runWaited<Result>(waiter: Waiter, client: PoolClient, run: () => Promise<Result>): Promise<Result> {
  if (waiter.isGone) throw gone();
  let cancelling: Promise<void> | undefined;
  const forget = waiter.onGone(() => {
    cancelling = cancelStatement(client);
  });
  try {
    const result = await run();
    if (cancelling === undefined) return result;
  } catch (error) {
    if (cancelling === undefined) throw error;
  } finally {
    forget();
    await cancelling;
  }
  throw gone();
}

/** Whether it is what these throw when nobody waits any more. */
export function isGoneFault(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'REQUEST_DEADLINE_EXCEEDED';
}

function gone(): CodedError {
  return new CodedError('REQUEST_DEADLINE_EXCEEDED', { internal: 'nobody waits for the answer any more' });
}

/** What the driver keeps of a connection, and does with one, beyond its types. */
interface Cancellable {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly ssl: ClientConfig['ssl'];
}
interface Canceller extends pg.Connection {
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/** Asks the server over a connection of its own, as PostgreSQL wants it, and waits until it has closed that. Never rejects. */
function cancelStatement(client: PoolClient): Promise<void> {
  const { processID, secretKey, ssl } = client as unknown as Cancellable;
  // The embedded engine has no processes, and nothing else to do meanwhile.
  if (processID === null || secretKey === null) return Promise.resolve();
  return new Promise((resolve) => {
    const connection = new pg.Connection(ssl === undefined ? {} : { ssl }) as Canceller;
    const timer = setTimeout(() => connection.stream.destroy(), CANCEL_WITHIN_MS);
    const ask = (): void => {
      connection.cancel(processID, secretKey);
    };
    connection.once('connect', () => {
      if (ssl === undefined || ssl === false) ask();
      else connection.requestSsl();
    });
    connection.once('sslconnect', ask);
    connection.on('error', () => connection.stream.destroy());
    connection.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    if (client.host.startsWith('/')) connection.connect(`${client.host}/.s.PGSQL.${String(client.port)}`);
    else connection.connect(client.port, client.host);
  });
}
