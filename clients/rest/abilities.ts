import type { Settings } from '#utilities/config/contract.js';
import type { Abilities } from './server-metadata.js';

/** By which clients prove themselves everywhere; `none` are public clients, whom their token names. */
const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'];

/** What registered keys of clients sign assertions with (RFC 7518 §3.1, RFC 9864). */
export const ASSERTION_ALGORITHMS: readonly string[] = [
  ...['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'],
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
];
/** What DPoP proofs may be signed with. */
const PROOF_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'];

/** Permissions of the application `countersign`, which operators ask for. */
export const ADMINISTRATION_SCOPES: readonly string[] = [
  'countersign:key:read',
  'countersign:key:rotate',
  'countersign:key:revoke',
  'countersign:issuer:read',
  'countersign:issuer:write',
  'countersign:policy:read',
  'countersign:policy:plan',
  'countersign:policy:approve',
  'countersign:policy:apply',
  'countersign:policy:escalate',
  'countersign:client:read',
  'countersign:client:write',
  'countersign:data:read',
  'countersign:data:write',
  'countersign:decision:read',
  'countersign:revocation:read',
  'countersign:revocation:write',
];

/** What is built, and what of it these settings switch on. */
export function abilitiesOf({ issuer, keys, http }: Settings): Abilities {
  const { tls, certificateProxies } = http;
  const mutualTls = (tls !== null && tls.clientCertificates !== 'none') || certificateProxies !== null;
  const isVouchedFor = (tls !== null && tls.clientCaFile !== null) || certificateProxies?.checksChain === true;
  return {
    issuer,
    clientAuthentication: [
      ...CLIENT_AUTHENTICATION,
      ...(mutualTls && isVouchedFor ? ['tls_client_auth'] : []),
      ...(mutualTls ? ['self_signed_tls_client_auth'] : []),
    ],
    assertionAlgorithms: ASSERTION_ALGORITHMS,
    proofAlgorithms: PROOF_ALGORITHMS,
    mutualTls,
    signingAlgorithms: keys.algorithms,
    administration: ADMINISTRATION_SCOPES,
  };
}
