/** The token of `Bearer …` (RFC 6750 §2.1); `undefined` for anything else. */
export function parseBearer(authorization: string | undefined): string | undefined {
  return /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
}
