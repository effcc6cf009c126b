import { createHash } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { Confirmation } from '../verified-token.js';

const KNOWN = new WeakMap<object, readonly Confirmation[]>();
const NONE: readonly never[] = [];

/**
 * The key that the sender holds by the TLS connection itself, as `cnf` names it (RFC 8705 §3.1); none without a client certificate.
 * A header in which a proxy hands a certificate on is not read. What was proven once stays proven while the connection lasts.
 */
export function certificateOf(socket: unknown): readonly Confirmation[] {
  if (!(socket instanceof TLSSocket)) return NONE;
  const known = KNOWN.get(socket);
  if (known !== undefined) return known;
  const found = confirmationsOf(socket.getPeerX509Certificate()?.raw);
  KNOWN.set(socket, found);
  return found;
}

export function confirmationsOf(certificate: Buffer | undefined): readonly Confirmation[] {
  if (certificate === undefined) return NONE;
  return [{ 'x5t#S256': createHash('sha256').update(certificate).digest('base64url') }];
}
