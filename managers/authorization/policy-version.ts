import type { PolicyVersion } from '#accessors/policy/contract.js';

const known = new WeakMap<PolicyVersion, string>();

/** `main@42`: the claim `pv`. */
export function policyVersionOf(policy: PolicyVersion): string {
  const kept = known.get(policy);
  if (kept !== undefined) return kept;

  const text = `${policy.set}@${String(policy.sequence)}`;
  known.set(policy, text);
  return text;
}
