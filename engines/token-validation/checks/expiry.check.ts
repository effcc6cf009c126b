import type { Check } from './check.js';

const LEAST_SECONDS_LEFT = 30;

/** The token has time left. No skew is allowed here: what we issue ends no later than it does. */
export const expiryCheck: Check = {
  name: 'expiry',
  needs: ['required'],
  run(state) {
    const left = state.required.expiresAt - state.now / 1000;
    if (left >= LEAST_SECONDS_LEFT) return undefined;
    if (left <= 0)
      return { code: 'TOKEN_EXPIRED', actual: `expired ${Math.floor(-left).toString()} s ago`, expected: 'exp in the future' };
    return {
      code: 'TOKEN_EXPIRES_TOO_SOON',
      actual: `${Math.floor(left).toString()} s left`,
      expected: `at least ${LEAST_SECONDS_LEFT.toString()} s left`,
    };
  },
};
