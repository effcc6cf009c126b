import type { TLSSocket } from 'node:tls';
import type { PresentedKeys } from '#managers/authorization/contract.js';

type PresentedCertificate = NonNullable<PresentedKeys['certificate']>;

/** One connection has one certificate, and reading it costs more than a call otherwise does. */
const known = new WeakMap<object, PresentedCertificate | null>();

/**
 * The certificate that the client of this connection has proven the key of; `null`: it has none, or there is no TLS.
 * `chainIsTrusted` only where the authorities of this listener vouch for it.
 */
export function peerCertificate(connection: object): PresentedCertificate | null {
  let certificate = known.get(connection);
  if (certificate === undefined) {
    certificate = read(connection);
    known.set(connection, certificate);
  }
  return certificate;
}

function read(connection: object): PresentedCertificate | null {
  if (!isTls(connection)) return null;
  // An empty object where the client has shown none; `null` when the connection is gone.
  const { raw } = (connection.getPeerCertificate() as { raw?: Buffer } | null) ?? {};
  return raw === undefined ? null : { der: raw, chainIsTrusted: connection.authorized };
}

/** Asked by reading: the socket of an HTTP/2 session is a stand-in, which has nothing by `in`. */
function isTls(connection: object): connection is TLSSocket {
  const { encrypted, getPeerCertificate } = connection as Partial<TLSSocket>;
  return encrypted === true && typeof getPeerCertificate === 'function';
}
