import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/**
 * SECURITY: a key that names an issuer signs for that issuer alone. Several issuers of one cloud share a key document, and a
 * key for consumer accounts must never vouch for an organisation (Storm-0558).
 */
export const keyIssuerCheck: Check = {
  name: 'key-issuer',
  needs: ['token', 'issuer', 'key'],
  run(state) {
    const { keyIssuer } = state.key;
    if (keyIssuer === null) return undefined;
    const tenantId = state.token.claims['tid'];
    const owner = typeof tenantId === 'string' ? keyIssuer.replaceAll('{tenantid}', () => tenantId) : keyIssuer;
    if (owner === state.iss) return undefined;
    return {
      code: 'TOKEN_KEY_ISSUER_MISMATCH',
      actual: `the key belongs to ${quoted(owner)}`,
      expected: `a key of ${quoted(state.iss)}`,
    };
  },
};
