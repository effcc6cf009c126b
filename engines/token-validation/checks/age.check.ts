import type { Check } from './check.js';

/** The token is younger than the issuer's limit for its kind of subject. */
export const ageCheck: Check = {
  name: 'age',
  needs: ['token', 'issuer', 'required'],
  run(state) {
    const kind = state.provider.kindOf(state.token.claims, state.issuer);
    const limit = state.issuer.maxTokenAgeSeconds[kind];
    const age = state.now / 1000 - state.required.issuedAt;
    if (age <= limit) return undefined;
    return {
      code: 'TOKEN_TOO_OLD',
      actual: `a token of a ${kind}, issued ${Math.floor(age).toString()} s ago`,
      expected: `at most ${limit.toString()} s ago`,
    };
  },
};
