import type { ClientCredentials } from '#managers/authorization/contract.js';

/** Longest credentials worth decoding: far above any that is issued. */
const MAX_BASIC_LENGTH = 2048;

/**
 * Reads `Basic base64(urlencode(id):urlencode(secret))` (RFC 7617, RFC 6749 §2.3.1); anything else proves nothing.
 */
export function parseBasic(authorization: string): ClientCredentials {
  if (authorization.length > MAX_BASIC_LENGTH) return { method: 'unreadable' };
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return { method: 'unreadable' };
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) return { method: 'unreadable' };
  const clientId = decodeFormComponent(decoded.slice(0, colon));
  const clientSecret = decodeFormComponent(decoded.slice(colon + 1));
  if (clientId === undefined || clientSecret === undefined) return { method: 'unreadable' };
  return { method: 'client_secret_basic', clientId, clientSecret };
}

function decodeFormComponent(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
