import type { Settings } from '#utilities/config/contract.js';
import type { Abilities } from './server-metadata.js';

/** By which clients may prove themselves here. */
const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post'];

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
  'countersign:data:read',
  'countersign:data:write',
  'countersign:decision:read',
  'countersign:revocation:read',
  'countersign:revocation:write',
];

/** What is built, and what of it these settings switch on. */
export function abilitiesOf({ issuer, keys }: Settings): Abilities {
  return {
    issuer,
    clientAuthentication: CLIENT_AUTHENTICATION,
    assertionAlgorithms: [],
    proofAlgorithms: [],
    mutualTls: null,
    signingAlgorithms: keys.algorithms,
    administration: ADMINISTRATION_SCOPES,
  };
}
