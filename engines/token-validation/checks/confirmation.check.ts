import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/** A token that is bound to a key is not a bearer token, and its binding is never dropped (RFC 7800 §3.1). */
export const confirmationCheck: Check = {
  name: 'confirmation',
  needs: ['token'],
  run(state) {
    const { claims } = state.token;
    if (!Object.hasOwn(claims, 'cnf')) return undefined;
    return { code: 'TOKEN_SENDER_CONSTRAINED', actual: `cnf is ${quoted(claims['cnf'])}`, expected: 'no cnf' };
  },
};
