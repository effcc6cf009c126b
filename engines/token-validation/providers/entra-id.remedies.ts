import type { Claims, Fault } from '../identity-provider.contract.js';

interface UnprovenToken {
  readonly header: Claims;
  readonly claims: Claims;
}

/** The next step for Microsoft Entra ID. The token may be unverified, so its claims choose words here and nothing else. */
export function entraRemedy(fault: Fault, token: UnprovenToken): string | undefined {
  switch (fault.code) {
    case 'TOKEN_AUDIENCE_MISMATCH':
      return audienceRemedy(token);
    case 'ISSUER_UNTRUSTED':
      return issuerRemedy(token);
    case 'TOKEN_ALGORITHM_NOT_ALLOWED':
      return 'Microsoft Entra ID signs with RS256. If the token does come from it, remove symmetric keys from the app registration (keyCredentials).';
    case 'TOKEN_KEY_UNKNOWN':
      return 'Check that the authority of the client and the registered cloud are the same. An API with SAML sign-on, claims mapping or a key of its own is signed by an application key: use a separate registration for the API, or register its client id as appKeysClientId.';
    case 'TOKEN_TENANT_MISMATCH':
      return 'Sign in to the directory that is registered, or have the operator add the directory id to the issuer.';
    default:
      return undefined;
  }
}

function audienceRemedy({ claims }: UnprovenToken): string {
  if (claims['ver'] === '1.0') {
    return 'A v1 token carries the App ID URI in aud as the client spelt it: list that spelling, or set requestedAccessTokenVersion to 2 in the API registration, which puts its client id there.';
  }
  return 'A v2 token carries the client id of the API in aud: list that id as an audience, or have the client request a scope of this API.';
}

function issuerRemedy({ claims }: UnprovenToken): string {
  const version = claims['ver'] === '1.0' ? 'v1' : 'v2';
  return `This is a ${version} token. Register its directory (tid) and cloud. The version follows requestedAccessTokenVersion of the API registration, not the endpoint that the client called.`;
}
