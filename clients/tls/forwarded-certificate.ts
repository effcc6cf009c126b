import { X509Certificate } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import type { PresentedKeys } from '#managers/authorization/contract.js';
import type { CertificateProxySettings } from '#utilities/config/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

type PresentedCertificate = NonNullable<PresentedKeys['certificate']>;

/** Far above any certificate. */
const MOST_CHARACTERS = 16_384;
/** A byte sequence of RFC 8941 §3.3.5, without parameters. */
const BYTE_SEQUENCE = /^:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):$/;

/** Certificates that a proxy hands on in `Client-Cert` (RFC 9440): from listed proxies alone. */
export class ForwardedCertificates {
  private readonly ranges = new BlockList();
  private readonly checksChain: boolean;
  /** Asking an empty list costs a part of every request all the same. */
  private readonly hasProxies: boolean;

  constructor(proxies: CertificateProxySettings | null) {
    this.hasProxies = proxies !== null && proxies.addresses.length > 0;
    this.checksChain = proxies?.checksChain ?? false;
    for (const range of proxies?.addresses ?? []) {
      const [address = '', prefix = ''] = range.split('/');
      this.ranges.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
    }
  }

  /** Whether the connection is from a listed proxy; its own TLS certificate, if it has one, is not that of the client then. */
  isProxy(remoteAddress: string | undefined): boolean {
    if (!this.hasProxies || remoteAddress === undefined) return false;
    const address = plainAddress(remoteAddress);
    return this.ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /**
   * SECURITY: anybody else who sends the header claims a certificate whose key nobody has seen proven.
   *
   * @param header as it was received
   * @throws CodedError `CLIENT_CERTIFICATE_NOT_TAKEN` from anybody but a listed proxy, `REQUEST_PARAMETER_INVALID` if it is no certificate
   */
  read(header: string, remoteAddress: string | undefined): PresentedCertificate {
    if (!this.isProxy(remoteAddress))
      throw new CodedError('CLIENT_CERTIFICATE_NOT_TAKEN', { internal: `from ${remoteAddress ?? 'nowhere'}` });
    return { der: derOf(header), chainIsTrusted: this.checksChain };
  }
}

function derOf(header: string): Uint8Array {
  const encoded = header.length > MOST_CHARACTERS ? undefined : BYTE_SEQUENCE.exec(header.trim())?.[1];
  try {
    const der = Buffer.from(encoded ?? '', 'base64');
    // What follows the certificate is no part of it, and would change its thumbprint.
    if (new X509Certificate(der).raw.equals(der)) return der;
  } catch {
    // Said below.
  }
  throw new CodedError('REQUEST_PARAMETER_INVALID', {
    field: 'client-cert',
    expected: 'one certificate in DER, as a byte sequence',
  });
}

/** IPv4 as IPv6 sockets write it. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
