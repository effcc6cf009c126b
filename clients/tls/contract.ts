/**
 * Hides where certificates come from: those of our ports, from files that change; those of clients, from the handshake or from a
 * proxy. Called by the clients that open ports.
 */
import type { PresentedKeys } from '#managers/authorization/contract.js';

/** Certificate, key and authorities as a TLS server takes them: all of them each time, for what is left out falls back to a default. */
export interface TlsContext {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Empty: nobody vouches for client certificates. */
  readonly ca: Buffer[];
  readonly minVersion: 'TLSv1.2';
}

/** TLS of one port. */
export interface ServerTls {
  /** What to make the server with. */
  readonly current: TlsContext;
  /** Whether clients are asked for a certificate: settled for as long as the server lives. */
  readonly handshake: { readonly requestCert: boolean; readonly rejectUnauthorized: boolean };

  /** Calls `taker` with what is to serve from then on, whenever that changes. A taker that throws keeps what was before. */
  onChange(taker: (context: TlsContext) => void): void;
}

/** How a request came in. */
export interface Arrival {
  /** The socket, or what stands for it. */
  readonly connection: object | undefined;
  readonly remoteAddress: string | undefined;
  /** The header `Client-Cert` of RFC 9440 as it was received; `undefined`: neither it nor `Client-Cert-Chain` is there. */
  readonly header: string | undefined;
}

export interface ClientCertificates {
  /**
   * The certificate whose key the client has proven, in the handshake with us or with a listed proxy; `null`: none.
   *
   * @throws CodedError `CLIENT_CERTIFICATE_NOT_TAKEN` for the header from anybody but a listed proxy, `REQUEST_PARAMETER_INVALID`
   *   if it holds no certificate
   */
  certificateOf(arrival: Arrival): PresentedKeys['certificate'];
}
