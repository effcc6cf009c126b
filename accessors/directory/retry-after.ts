/** Longer than Microsoft asks for in practice; what is beyond would let one answer switch a directory off. */
const LONGEST_SECONDS = 300;

/** Seconds that a Retry-After header asks for, from 1 to 300: a number, which may be fractional, or a date. `null`: none. */
export function retryAfterSeconds(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isNaN(seconds) ? null : Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(seconds)));
}
