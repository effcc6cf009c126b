/**
 * The rules that every `IdentityProvider` keeps, as data: run each with any test runner. `run` throws where the rule is broken,
 * with what broke it in the message.
 *
 *     for (const { name, run } of identityProviderConformance(createXIdentityProvider, samples)) it(name, run);
 */
import type { IdentityProvider } from '#engines/token-validation/identity-provider.contract.js';
import { CONTRACT_RULES } from './contract.rules.js';
import { FAULT_RULES } from './fault.rules.js';
import { IDENTITY_RULES } from './identity.rules.js';
import type { IdentityProviderSamples } from './identity-provider.samples.js';
import { PRESENTER_RULES } from './presenter.rules.js';
import type { KitRule } from './kit.js';
import { TOKEN_RULES } from './token.rules.js';

export interface ConformanceCase {
  /** Short name of the rule: what `unsupported` in the samples refers to. */
  readonly rule: string;
  readonly name: string;
  readonly run: () => void;
}

const RULES: readonly KitRule[] = [...CONTRACT_RULES, ...TOKEN_RULES, ...PRESENTER_RULES, ...IDENTITY_RULES, ...FAULT_RULES];

/** One case a rule. A rule that the samples declare unsupported is named with the reason and does nothing. */
export function identityProviderConformance(
  create: () => IdentityProvider,
  samples: IdentityProviderSamples,
): readonly ConformanceCase[] {
  return RULES.map((rule) => {
    const reason = samples.unsupported[rule.id];
    if (reason !== undefined) return { rule: rule.id, name: `${rule.says} (unsupported: ${reason})`, run: () => undefined };
    return { rule: rule.id, name: rule.says, run: () => rule.holds({ create, provider: create(), samples }) };
  });
}
