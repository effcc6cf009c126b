import { hash, X509Certificate } from 'node:crypto';
import type { ClientAuthentication, RegisteredClient } from '#accessors/registration/contract.js';
import type { CertificateVerdict, ProofRefusal, ShownCertificate } from '../caller-proofs.contract.js';
import { quoted } from '../quoted.js';
import { hasName } from './certificate-names.js';

/**
 * Judges the certificate of a TLS client against what is registered (RFC 8705 §2). That the caller holds its key was proven by the
 * handshake, and whether its chain is trusted by whoever made it.
 *
 * @param now Unix milliseconds
 */
export function judgeCertificate(client: RegisteredClient, shown: ShownCertificate, now: number): CertificateVerdict {
  const { authentication } = client;
  if (authentication === undefined) return refusal('no certificate is registered for the client', 'another method');
  const certificate = read(shown.der);
  if (certificate === undefined) return refusal('no X.509 certificate', 'one in DER');
  const ended = faultOfTime(certificate, now);
  if (ended !== undefined) return ended;
  if (isRegistered(authentication, shown.der)) return { accepted: true, method: 'self_signed_tls_client_auth' };
  if (hasRegisteredName(authentication, certificate, shown)) return { accepted: true, method: 'tls_client_auth' };
  return refusal(
    `subject ${quoted(certificate.subject)}, names ${quoted(certificate.subjectAltName)}, chain ${shown.chainIsTrusted ? '' : 'not '}trusted`,
    expectedOf(authentication),
  );
}

function isRegistered({ methods, certificates }: ClientAuthentication, der: Uint8Array): boolean {
  return methods.includes('self_signed_tls_client_auth') && certificates.includes(hash('sha256', der, 'base64url'));
}

/** SECURITY: a name counts only in a certificate of a trusted chain: anybody can write one into their own. */
function hasRegisteredName(
  { methods, certificateName }: ClientAuthentication,
  certificate: X509Certificate,
  { chainIsTrusted }: ShownCertificate,
): boolean {
  return (
    chainIsTrusted && methods.includes('tls_client_auth') && certificateName !== null && hasName(certificate, certificateName)
  );
}

function faultOfTime({ validFrom, validTo }: X509Certificate, now: number): ProofRefusal | undefined {
  // Written so that a date which cannot be read is refused.
  if (Date.parse(validFrom) <= now && now < Date.parse(validTo)) return undefined;
  return refusal(`valid from ${quoted(validFrom)} to ${quoted(validTo)}`, 'a certificate that is valid now');
}

function expectedOf({ certificateName, certificates }: ClientAuthentication): string {
  const name = certificateName === null ? [] : [`${certificateName.kind} ${quoted(certificateName.value)} in a trusted chain`];
  const thumbprints = certificates.length === 0 ? [] : [`one of ${String(certificates.length)} registered certificates`];
  return [...name, ...thumbprints].join(', or ') || 'another method';
}

function read(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

function refusal(actual: string, expected: string): ProofRefusal {
  return { accepted: false, code: 'CLIENT_UNAUTHENTICATED', actual, expected };
}
