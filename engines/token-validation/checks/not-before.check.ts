import type { Check } from './check.js';

/** The token is valid already, within the skew of the issuer, and its times make sense together. */
export const notBeforeCheck: Check = {
  name: 'not-before',
  needs: ['issuer', 'required'],
  run(state) {
    const { issuedAt, notBefore, expiresAt } = state.required;
    const start = Math.max(issuedAt, notBefore ?? 0);
    if (start > expiresAt) {
      return { code: 'TOKEN_CLAIM_INVALID', actual: 'nbf or iat is after exp', expected: 'nbf and iat before exp' };
    }
    const { skewSeconds } = state.issuer;
    const ahead = start - state.now / 1000;
    if (ahead <= skewSeconds) return undefined;
    return {
      code: 'TOKEN_NOT_YET_VALID',
      actual: `valid in ${Math.ceil(ahead).toString()} s`,
      expected: `nbf and iat at most ${skewSeconds.toString()} s ahead of this clock`,
    };
  },
};
