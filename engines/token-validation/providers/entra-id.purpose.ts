import type { Claims, Fault } from '../identity-provider.contract.js';
import { azureAudienceFault, graphFault } from './azure-audiences.js';
import { isEntraIdToken } from './entra-id.classification.js';

/** Whether the claims look like those of Entra: it names directory and version in every token. */
export function looksLikeEntra(claims: Claims): boolean {
  const version = claims['ver'];
  return typeof claims['tid'] === 'string' && (version === '1.0' || version === '2.0');
}

/**
 * What a token of Entra is for, where it is not for an API of ours. Tokens for Microsoft Graph are signed over another header
 * than they carry, so that their signature never verifies here; that replacement is not made: the finding says what it is.
 */
export function entraPurposeFault(header: Claims, claims: Claims): Fault | undefined {
  const fault = azureAudienceFault(claims);
  if (fault !== undefined) return fault;
  if (!looksLikeEntra(claims)) return undefined;
  if (Object.hasOwn(header, 'nonce')) return graphFault('the header has nonce, which only tokens for Microsoft Graph have');
  if (!isEntraIdToken(claims)) return undefined;
  return {
    code: 'TOKEN_IS_ID_TOKEN',
    actual: 'the claims of an ID token: neither azpacr, appidacr nor scp',
    expected: 'an access token',
  };
}
