import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PresentedKeys } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { ClientCertificates } from '../tls/contract.js';

/** Kept apart from the request, so that nothing a caller sends can stand for it. */
const presented = new WeakMap<FastifyRequest, PresentedKeys>();

/** What the request shows of keys that its sender holds; `undefined`: nothing. */
export function presentedKeys(request: FastifyRequest): PresentedKeys | undefined {
  return presented.get(request);
}

interface Options {
  /** Our `iss`: where every request went, whatever its Host header says. */
  readonly issuer: string;
  readonly certificates: ClientCertificates;
}

/** Reads DPoP proofs and certificates of every request before any route does, and refuses what cannot be meant. */
export function readPresentedKeys(instance: FastifyInstance, { issuer, certificates }: Options): void {
  instance.addHook('onRequest', (request, _reply, done) => {
    try {
      const { socket } = request.raw;
      const arrival = { connection: socket, remoteAddress: socket.remoteAddress, header: clientCertHeader(request) };
      const certificate = certificates.certificateOf(arrival);
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

/** Node joins what is sent twice with a comma, which no byte sequence has in it. A chain alone is refused as its certificate would be. */
function clientCertHeader({ headers }: FastifyRequest): string | undefined {
  const certificate = headers['client-cert'];
  return certificate === undefined && headers['client-cert-chain'] === undefined ? undefined : String(certificate ?? '');
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
