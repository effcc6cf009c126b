import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PresentedKeys } from '#managers/authorization/contract.js';
import type { CertificateProxySettings } from '#utilities/config/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { ForwardedCertificates } from '../tls/forwarded-certificate.js';
import { peerCertificate } from '../tls/peer-certificate.js';

/** Kept apart from the request, so that nothing a caller sends can stand for it. */
const presented = new WeakMap<FastifyRequest, PresentedKeys>();

/** What the request shows of keys that its sender holds; `undefined`: nothing. */
export function presentedKeys(request: FastifyRequest): PresentedKeys | undefined {
  return presented.get(request);
}

interface Options {
  /** Our `iss`: where every request went, whatever its Host header says. */
  readonly issuer: string;
  readonly proxies: CertificateProxySettings | null;
}

/** Reads DPoP proofs and certificates of every request before any route does, and refuses what cannot be meant. */
export function readPresentedKeys(instance: FastifyInstance, { issuer, proxies }: Options): void {
  const forwarded = new ForwardedCertificates(proxies);
  instance.addHook('onRequest', (request, _reply, done) => {
    try {
      const certificate = certificateOf(request, forwarded);
      const proof = soleProof(request);
      if (certificate !== null || proof !== undefined) {
        const dpop = proof === undefined ? null : { proof, method: request.method, uri: issuer + pathOf(request.url) };
        presented.set(request, { certificate, dpop });
      }
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

/** SECURITY: behind a listed proxy the certificate of the connection is the proxy's own, and never the client's. */
function certificateOf(request: FastifyRequest, forwarded: ForwardedCertificates): PresentedKeys['certificate'] {
  const { headers, socket } = request.raw;
  const handedOn = forwarded.read(sole(headers['client-cert'], headers['client-cert-chain']), socket.remoteAddress);
  return handedOn ?? (forwarded.isProxy(socket.remoteAddress) ? null : peerCertificate(socket));
}

/** Node joins what is sent twice with a comma, which no byte sequence has in it: it is refused where it is read. */
function sole(certificate: string | string[] | undefined, chain: string | string[] | undefined): string | undefined {
  // A chain alone proves nothing, and is refused as the certificate that it goes with would be.
  return certificate === undefined && chain === undefined ? undefined : String(certificate ?? '');
}

/** RFC 9449 §4.3 no. 1: not more than one. */
function soleProof({ headers, raw }: FastifyRequest): string | undefined {
  const value = headers['dpop'];
  if (value === undefined) return undefined;
  const { rawHeaders } = raw;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'dpop') count += 1;
  }
  if (count !== 1 || typeof value !== 'string') throw new CodedError('DPOP_PROOF_INVALID', { expected: 'one DPoP header' });
  return value;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
