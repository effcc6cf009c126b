/** What may be fetched, and how much of it. */
export interface FetchPolicy {
  /** Plain HTTP to this very machine is allowed. Development only. */
  readonly allowLoopbackHttp: boolean;
  /** Private ranges, in CIDR notation, where identity providers of the operator's own network are. */
  readonly allowedPrivateAddresses: readonly string[];
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
  return allowLoopbackHttp && url.protocol === 'http:' && isLoopbackName(url.hostname);
}

/** Whether the name itself says that this machine is meant, whatever it resolves to. */
export function isLoopbackName(hostname: string): boolean {
  return LOOPBACK_HOSTS.has(hostname);
}
