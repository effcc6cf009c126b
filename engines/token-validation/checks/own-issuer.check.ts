import type { Check } from './check.js';

/** Our own tokens are not subject tokens. */
export function createOwnIssuerCheck(ownIssuer: string): Check {
  return {
    name: 'own-issuer',
    needs: ['token'],
    run(state) {
      if (state.token.claims['iss'] !== ownIssuer) return undefined;
      return { code: 'TOKEN_IS_OURS', actual: 'a token issued here', expected: 'a token of a trusted identity provider' };
    },
  };
}
