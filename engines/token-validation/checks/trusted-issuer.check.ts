import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { IdentityProvider } from '../identity-provider.contract.js';
import { untrustedIssuerFault } from '../diagnosis/untrusted-issuer.js';
import { quoted } from '../quoted.js';
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
      if (issuer === undefined || provider === undefined) {
        const { header, claims } = state.token;
        // The wrong kind of token is what is wrong with it, whoever issued it.
        for (const known of providers.values()) {
          const fault = known.purposeFault?.(header.members, claims);
          if (fault !== undefined) return fault;
        }
        return untrustedIssuerFault(iss, claims, issuerAccess.issuersInMemory());
      }
      state.foundIssuer = { issuer, provider, iss };
      return undefined;
    },
  };
}
