import { isDeepStrictEqual } from 'node:util';
import type { Claims, Fault, IdentityProvider, TokenOfIssuer } from '#engines/token-validation/identity-provider.contract.js';
import type { AccessSample, IdentityProviderSamples } from './identity-provider.samples.js';

export interface KitSubject {
  readonly create: () => IdentityProvider;
  readonly provider: IdentityProvider;
  readonly samples: IdentityProviderSamples;
}

export interface KitRule {
  /** What `unsupported` in the samples refers to. */
  readonly id: string;
  readonly says: string;
  /** Throws where the rule is broken. */
  readonly holds: (subject: KitSubject) => void;
}

export function demand(holds: boolean, complaint: string): asserts holds {
  if (!holds) throw new Error(complaint);
}

export function demandEqual(actual: unknown, expected: unknown, what: string): void {
  demand(isDeepStrictEqual(actual, expected), `${what}: got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

export function tokenOf({ header, issuer }: Pick<AccessSample, 'header' | 'issuer'>, claims: Claims): TokenOfIssuer {
  return { header, claims, issuer, key: null };
}

/** The first objection that the provider itself has to a token; what the engine checks for every provider is not asked. */
export function objection(provider: IdentityProvider, token: TokenOfIssuer): Fault | undefined {
  const { header, claims, issuer } = token;
  const purpose = provider.purposeFault?.(header, claims);
  if (purpose !== undefined) return purpose;
  if (provider.isIdToken(claims)) return { code: 'TOKEN_IS_ID_TOKEN', actual: 'an ID token', expected: 'an access token' };
  if (Object.hasOwn(claims, 'nonce') && provider.mayCarryNonce?.(claims, issuer) !== true)
    return { code: 'TOKEN_IS_ID_TOKEN', actual: 'the claim nonce', expected: 'an access token' };
  return firstFault(provider, token);
}

export function firstFault(provider: IdentityProvider, token: TokenOfIssuer): Fault | undefined {
  for (const check of [...provider.checks, ...(provider.acceptance ?? [])]) {
    const fault = check.run(token);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
