import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { PresentedKeys } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { ClientCertificates } from '../tls/contract.js';
import { sessionOf } from './call-connection.js';

/**
 * What a call shows of keys that its sender holds; `undefined`: nothing. Certificates alone: a DPoP proof is of an HTTP method and
 * URI, which a call has not (RFC 9449 §4.2).
 *
 * @throws CodedError `CLIENT_CERTIFICATE_NOT_TAKEN`, `DPOP_PROOF_INVALID`, `REQUEST_PARAMETER_INVALID`
 */
export function presentedKeys(
  call: ServerInterceptingCallInterface,
  metadata: Metadata,
  certificates: ClientCertificates,
): PresentedKeys | undefined {
  // SECURITY: a proof that nobody looks at must not look as if it counted.
  if (metadata.get('dpop').length > 0) throw new CodedError('DPOP_PROOF_INVALID', { expected: 'DPoP over HTTP, or mutual TLS' });
  const certificate = certificates.certificateOf({
    // grpc-js tells the certificate of a client only where an authority vouches for it, so the connection itself is asked.
    connection: sessionOf(call)?.socket,
    remoteAddress: call.getConnectionInfo().remoteAddress,
    header: clientCertHeader(metadata),
  });
  return certificate === null ? undefined : { certificate, dpop: null };
}

/** Several values never make one byte sequence. A chain alone is refused as its certificate would be. */
function clientCertHeader(metadata: Metadata): string | undefined {
  const values = metadata.get('client-cert');
  return values.length === 0 && metadata.get('client-cert-chain').length === 0 ? undefined : values.join();
}
