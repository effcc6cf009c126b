import type { IssuerScopedId } from '#accessors/registration/contract.js';
import type { Principal } from '../contract.js';
import { quoted } from '../quoted.js';
import type { ValidationState } from '../validation-state.js';
import type { Check } from './check.js';

/**
 * SECURITY: whoever hands the token in is its rightful presenter: the client that it was issued to, a client that may present
 * tokens of that one, or the API that it is meant for. Without this rule anyone who sees a token could exchange it.
 */
export const presenterCheck: Check = {
  name: 'presenter',
  needs: ['token', 'issuer', 'required'],
  run(state) {
    state.presenterCase = caseOf(state);
    if (state.presenterCase !== null) return undefined;
    const presenter = state.provider.presenterOf(state.token.claims, state.issuer);
    if (state.request.presenter === null) {
      return { code: 'TOKEN_PRESENTER_MISMATCH', actual: 'issued to no named client', expected: 'a client that the token names' };
    }
    return {
      code: 'TOKEN_PRESENTER_MISMATCH',
      actual: `issued to ${presenter.status === 'named' ? quoted(presenter.id) : 'no named client'} for ${quoted(state.token.claims['aud'])}`,
      expected: `a presenter or an audience of issuer ${quoted(state.issuer.name)} that is registered for the client`,
    };
  },
};

function caseOf(state: ValidationState): Principal['case'] | null {
  const presenter = state.provider.presenterOf(state.token.claims, state.issuer);
  if (presenter.status === 'conflict') return null;
  state.presenterId = presenter.status === 'named' ? presenter.id : null;
  // The client that the token names hands it in, as far as can be told here: its own case and no other.
  if (state.request.presenter === null) return presenter.status === 'named' ? 'own' : null;
  const { ownPresenters, listedPresenters, apiAudiences } = state.request.presenter;
  const issuer = state.issuer.name;
  if (presenter.status === 'named') {
    if (holds(ownPresenters, issuer, presenter.id)) return 'own';
    if (holds(listedPresenters, issuer, presenter.id)) return 'on-behalf-of';
  }
  return state.required.audiences.some((audience) => holds(apiAudiences, issuer, audience)) ? 'on-behalf-of' : null;
}

function holds(list: readonly IssuerScopedId[], issuer: string, id: string): boolean {
  return list.some((entry) => entry.id === id && entry.issuer === issuer);
}
