import type { Claims, ProviderCheck } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { entra } from './entra-id.claims.js';
import { isAppOnly, kindOfEntra } from './entra-id.classification.js';

/** The user met the authentication context that is demanded. Software cannot step up, so the rule is about delegated tokens alone. */
export const stepUpCheck: ProviderCheck = {
  name: 'entra-step-up',
  run({ claims, issuer }) {
    const required = entra(issuer).acceptance.requiredAuthContext;
    if (required === null || isAppOnly(kindOfEntra(claims)) || holds(claims['acrs'], required)) return undefined;
    return {
      code: 'TOKEN_STEP_UP_REQUIRED',
      actual: `acrs is ${quoted(claims['acrs'])}`,
      expected: `acrs with ${quoted(required)}`,
      ...(canHandleClaims(claims) ? { claims: claimsRequest(required) } : {}),
    };
  },
};

function holds(claim: unknown, value: string): boolean {
  return claim === value || (Array.isArray(claim) && claim.includes(value));
}

/** Client capability `cp1`: the client can acquire a token by a claims request. One that cannot would ask for ever. */
function canHandleClaims(claims: Claims): boolean {
  const capabilities = claims['xms_cc'];
  const listed: readonly unknown[] = Array.isArray(capabilities) ? capabilities : [capabilities];
  return listed.some((capability) => typeof capability === 'string' && capability.toLowerCase() === 'cp1');
}

function claimsRequest(value: string): string {
  return Buffer.from(JSON.stringify({ access_token: { acrs: { essential: true, value } } })).toString('base64');
}
