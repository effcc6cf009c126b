import type { Check } from './check.js';

/** The token names one client at most. */
export const presenterConflictCheck: Check = {
  name: 'presenter-conflict',
  needs: ['token', 'issuer'],
  run(state) {
    const presenter = state.provider.presenterOf(state.token.claims, state.issuer);
    if (presenter.status !== 'conflict') return undefined;
    return { code: 'TOKEN_PRESENTER_CONFLICT', actual: presenter.actual, expected: 'one client' };
  },
};
