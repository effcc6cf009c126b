import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { Fault, IdentityProvider } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import type { ValidationState } from '../validation-state.js';
import type { Check } from './check.js';

/** The issuer is configured here. It alone decides about provider, keys, algorithms and audiences from now on. */
export function createTrustedIssuerCheck(issuerAccess: IssuerAccess, providers: ReadonlyMap<string, IdentityProvider>): Check {
  return {
    name: 'trusted-issuer',
    needs: ['token'],
    async run(state) {
      const iss = state.token.claims['iss'];
      if (typeof iss !== 'string' || iss === '')
        return { code: 'TOKEN_CLAIM_INVALID', actual: `iss is ${quoted(iss)}`, expected: 'iss as a string' };
      const issuer = await issuerAccess.trustedIssuer(state.context, iss);
      const provider = issuer === undefined ? undefined : providers.get(issuer.provider);
      if (issuer === undefined || provider === undefined) return untrusted(state, iss);
      state.foundIssuer = { issuer, provider, iss };
      return undefined;
    },
  };
}

function untrusted(state: ValidationState, iss: string): Fault {
  const version = state.token.claims['ver'];
  const detail = typeof version === 'string' ? ` (ver ${quoted(version)})` : '';
  return { code: 'ISSUER_UNTRUSTED', actual: `iss is ${quoted(iss)}${detail}`, expected: 'the exact iss of a trusted issuer' };
}
