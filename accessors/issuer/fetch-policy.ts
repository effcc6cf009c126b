/** What may be fetched, and how much of it. */
export interface FetchPolicy {
  /** Plain HTTP to this very machine is allowed. Development only. */
  readonly allowLoopbackHttp: boolean;
  /** For discovery and key set together. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export const FETCH_TIMEOUT_MS = 5_000;
export const FETCH_MAX_BYTES = 100 * 1024;

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Whether `url` may be fetched at all: HTTPS, or plain HTTP to this machine where that is allowed. Never with a user name. */
export function isFetchable(url: URL, allowLoopbackHttp: boolean): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return allowLoopbackHttp && url.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname);
}
