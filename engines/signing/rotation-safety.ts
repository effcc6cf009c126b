import type { RotationPolicy, SafetyFault } from './contract.js';

/**
 * Through every rotation every verifier has the key of every token that has not ended:
 *
 * - a key is public before it signs for as long as the last verifier may take to learn of it;
 * - a key is public after it signed for as long as its last token may be accepted;
 * - one rotation has ended before the next begins, so that the published set stays small.
 */
export function safetyFaults(policy: RotationPolicy): readonly SafetyFault[] {
  const { jwksMaxAgeSeconds, jwksStaleIfErrorSeconds, verifierCacheSeconds, propagationSeconds, skewSeconds } = policy;
  const learnt = verifierCacheSeconds + jwksMaxAgeSeconds + jwksStaleIfErrorSeconds + propagationSeconds + skewSeconds;
  const ended = policy.maxTokenSeconds + policy.leewaySeconds + skewSeconds + propagationSeconds;
  return [
    ...below(policy, 'verifierCacheSeconds', { least: jwksMaxAgeSeconds, because: 'a verifier may keep the set for max-age' }),
    ...below(policy, 'prePublishSeconds', {
      least: learnt,
      because: 'verifier cache + max-age + stale-if-error + propagation + skew',
    }),
    ...below(policy, 'retireAfterSeconds', { least: ended, because: 'longest token + leeway + skew + propagation' }),
    ...below(policy, 'periodSeconds', {
      least: policy.prePublishSeconds + policy.retireAfterSeconds,
      because: 'publication before + publication after',
    }),
  ];
}

function below(
  policy: RotationPolicy,
  member: SafetyFault['member'],
  { least, because }: { readonly least: number; readonly because: string },
): readonly SafetyFault[] {
  const actual = policy[member];
  return actual >= least ? [] : [{ member, actual, least, because }];
}
