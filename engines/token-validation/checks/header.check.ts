import type { Check } from './check.js';

/** The header asks for nothing that could change how the token is read or which key verifies it. */
export const headerCheck: Check = {
  name: 'header',
  needs: ['token'],
  run(state) {
    const { forbidden } = state.token.header;
    if (forbidden === null) return undefined;
    return {
      code: 'TOKEN_HEADER_FORBIDDEN',
      actual: `header member ${forbidden}`,
      expected: 'none of crit, b64, jku, jwk, x5u, x5c, zip, enc',
    };
  },
};
