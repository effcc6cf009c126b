import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/** The algorithm is one that the issuer is configured with, in its exact spelling. */
export const algorithmCheck: Check = {
  name: 'algorithm',
  needs: ['token', 'issuer'],
  run(state) {
    const { header } = state.token;
    const allowed: readonly string[] = state.issuer.algorithms;
    if (header.algorithm !== null && allowed.includes(header.algorithm)) return undefined;
    return {
      code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
      actual: `alg is ${quoted(header.members['alg'])}`,
      expected: `one of ${allowed.join(', ')}`,
    };
  },
};
