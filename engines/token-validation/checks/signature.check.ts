import { verifyJws } from '../jws-signature.js';
import type { Check } from './check.js';

/** The key signed exactly this text. */
export const signatureCheck: Check = {
  name: 'signature',
  needs: ['token', 'key'],
  run(state) {
    state.signatureProven = verifyJws(state.token, state.key);
    if (state.signatureProven) return undefined;
    return {
      code: 'TOKEN_SIGNATURE_INVALID',
      actual: `a token of ${state.request.token.length.toString()} characters whose signature does not verify`,
      expected: 'a signature by the key that kid names',
    };
  },
};
