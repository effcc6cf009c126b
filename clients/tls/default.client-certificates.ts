import type { PresentedKeys } from '#managers/authorization/contract.js';
import type { CertificateProxySettings } from '#utilities/config/contract.js';
import type { Arrival, ClientCertificates } from './contract.js';
import { ForwardedCertificates } from './forwarded-certificate.js';
import { peerCertificate } from './peer-certificate.js';

export class DefaultClientCertificates implements ClientCertificates {
  private readonly forwarded: ForwardedCertificates;

  constructor(proxies: CertificateProxySettings | null) {
    this.forwarded = new ForwardedCertificates(proxies);
  }

  /** SECURITY: behind a listed proxy the certificate of the connection is the proxy's own, and never the client's. */
  certificateOf({ connection, remoteAddress, header }: Arrival): PresentedKeys['certificate'] {
    if (header !== undefined) return this.forwarded.read(header, remoteAddress);
    if (connection === undefined || this.forwarded.isProxy(remoteAddress)) return null;
    return peerCertificate(connection);
  }
}
