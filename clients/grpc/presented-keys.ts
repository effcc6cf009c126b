import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { PresentedKeys } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { ForwardedCertificates } from '../tls/forwarded-certificate.js';
import { peerCertificate } from '../tls/peer-certificate.js';

/** The call that grpc-js made itself, below all interceptors. */
interface BottomCall {
  readonly stream?: { readonly session?: { readonly socket?: object } };
}

/**
 * What a call shows of keys that its sender holds; `undefined`: nothing. Certificates alone: a DPoP proof is of an HTTP method and
 * URI, which a call has not (RFC 9449 §4.2).
 *
 * @throws CodedError `CLIENT_CERTIFICATE_NOT_TAKEN`, `DPOP_PROOF_INVALID`, `REQUEST_PARAMETER_INVALID`
 */
export function presentedKeys(
  call: ServerInterceptingCallInterface,
  metadata: Metadata,
  forwarded: ForwardedCertificates,
): PresentedKeys | undefined {
  // SECURITY: a proof that nobody looks at must not look as if it counted.
  if (metadata.get('dpop').length > 0) throw new CodedError('DPOP_PROOF_INVALID', { expected: 'DPoP over HTTP, or mutual TLS' });
  const certificate = certificateOf(call, metadata, forwarded);
  return certificate === null ? undefined : { certificate, dpop: null };
}

/** SECURITY: behind a listed proxy the certificate of the connection is the proxy's own, and never the client's. */
function certificateOf(
  call: ServerInterceptingCallInterface,
  metadata: Metadata,
  forwarded: ForwardedCertificates,
): PresentedKeys['certificate'] {
  const headers = [...metadata.get('client-cert'), ...(metadata.get('client-cert-chain').length > 0 ? [''] : [])];
  const { remoteAddress } = call.getConnectionInfo();
  const handedOn = headers.length === 0 ? null : forwarded.read(headers.join(), remoteAddress);
  return handedOn ?? (forwarded.isProxy(remoteAddress) ? null : certificateOfConnection(call));
}

/** grpc-js tells the certificate of a client only where an authority vouches for it, so the connection itself is asked. */
function certificateOfConnection(call: ServerInterceptingCallInterface): PresentedKeys['certificate'] {
  const socket = (call as BottomCall).stream?.session?.socket;
  return socket === undefined ? null : peerCertificate(socket);
}
