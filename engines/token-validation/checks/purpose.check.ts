import type { Check } from './check.js';

/**
 * The token is for an API of ours, as far as its provider can tell. It comes before everything that such a token fails by
 * the way: its signature, key or audience would be a true finding and the wrong one. Unproven claims can only refuse here.
 */
export const purposeCheck: Check = {
  name: 'purpose',
  needs: ['token', 'issuer'],
  run(state) {
    const { header, claims } = state.token;
    return state.provider.purposeFault?.(header.members, claims);
  },
};
