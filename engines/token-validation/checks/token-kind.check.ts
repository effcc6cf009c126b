import type { Fault } from '../identity-provider.contract.js';
import type { Check } from './check.js';

/** `nonce` is no sign where the provider knows better: some pass it on to access tokens. */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash'] as const;

/**
 * The token is an access token: an ID token says who signed in at a client, a logout or security event token that something
 * happened, and neither may stand for the other (RFC 8725 §3.12).
 */
export const tokenKindCheck: Check = {
  name: 'token-kind',
  needs: ['token', 'issuer'],
  run(state) {
    const { claims } = state.token;
    // RFC 8417 §2.2: `events` is an object in every security event token, logout tokens included.
    if (typeof claims['events'] === 'object') return otherKind('a security event or logout token');
    if (Object.hasOwn(claims, 'nonce') && state.provider.mayCarryNonce?.(claims, state.issuer) !== true)
      return idToken('the claim nonce');
    const sign = ID_TOKEN_CLAIMS.find((name) => Object.hasOwn(claims, name));
    if (sign !== undefined) return idToken(`the claim ${sign}`);
    if (state.provider.isIdToken(claims)) return idToken('the claims of an ID token');
    return undefined;
  },
};

function otherKind(actual: string): Fault {
  return { code: 'TOKEN_TYPE_MISMATCH', actual, expected: 'an access token' };
}

function idToken(actual: string): Fault {
  return { code: 'TOKEN_IS_ID_TOKEN', actual, expected: 'an access token' };
}
