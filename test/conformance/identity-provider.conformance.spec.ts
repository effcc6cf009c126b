import { describe, expect, it } from '@jest/globals';
import { createEntraIdIdentityProvider } from '#engines/token-validation/providers/entra-id.identity-provider.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import { ENTRA_SAMPLES } from './entra-id.samples.js';
import { identityProviderConformance } from './identity-provider.conformance.js';
import { OIDC_SAMPLES } from './oidc.samples.js';
import { PLANTED } from './planted-providers.js';

describe('The entra-id provider', () => {
  for (const { name, run } of identityProviderConformance(createEntraIdIdentityProvider, ENTRA_SAMPLES)) it(name, run);
});

describe('The oidc provider', () => {
  for (const { name, run } of identityProviderConformance(createOidcIdentityProvider, OIDC_SAMPLES)) it(name, run);
});

describe('The kit for identity providers', () => {
  const casesFor = (rule: string) => {
    const plant = PLANTED[rule];
    if (plant === undefined) throw new Error(`Nothing is planted for ${rule}.`);
    return identityProviderConformance(() => plant(createOidcIdentityProvider()), OIDC_SAMPLES).filter(
      (one) => one.rule === rule,
    );
  };
  const rules = identityProviderConformance(createOidcIdentityProvider, OIDC_SAMPLES).map(({ rule }) => rule);

  it.each(rules)('catches a provider that breaks %s', (rule) => {
    const [only] = casesFor(rule);
    expect(only?.run).toThrow();
  });

  it('has a planted fault for each rule, and each rule once', () => {
    expect(Object.keys(PLANTED).sort()).toEqual([...new Set(rules)].sort());
    expect(new Set(rules).size).toBe(rules.length);
  });

  it('says what a provider does not support, and why', () => {
    const cases = identityProviderConformance(createEntraIdIdentityProvider, ENTRA_SAMPLES);
    expect(cases.filter(({ name }) => name.includes('unsupported: each version has one claim'))).toHaveLength(1);
  });
});
