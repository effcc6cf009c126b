import type { RotationPolicy } from '#engines/signing/contract.js';
import type { Acceptance } from './contract.js';

const NOTIFIED_SECONDS = 2;
const SDK_POLL_SECONDS = 30;

interface Situation {
  readonly to: 'tainted' | 'revoked';
  readonly policy: RotationPolicy;
  /** Unix milliseconds of the database. */
  readonly now: number;
  /** End of the last token of the key that is known; `null`: none is left. */
  readonly lastExpiresAt: number | null;
}

/** Where a token of the key is still accepted, and until when at the latest. */
export function acceptance(situation: Situation): readonly Acceptance[] {
  return situation.to === 'tainted' ? ofTainted(situation) : ofRevoked(situation);
}

function ofTainted({ policy, now, lastExpiresAt }: Situation): readonly Acceptance[] {
  const until = (lastExpiresAt ?? now) + (lastExpiresAt === null ? 0 : policy.leewaySeconds * 1_000);
  const because = 'a tainted key stays public: its tokens are good until they end. Revoke it if somebody else may hold it';
  return (['exchange', 'check', 'sdk', 'plain libraries'] as const).map((where) => ({ where, until, because }));
}

/** Whoever holds the key can make tokens with any end, so that what counts is when a verifier drops the key. */
function ofRevoked({ policy, now }: Situation): readonly Acceptance[] {
  const after = (seconds: number): number => now + seconds * 1_000;
  const { verifierCacheSeconds, jwksMaxAgeSeconds, jwksStaleIfErrorSeconds, propagationSeconds, skewSeconds } = policy;
  const told = 'every replica that reaches the database has heard of it; one that does not stops by itself';
  const cached = verifierCacheSeconds + jwksMaxAgeSeconds + jwksStaleIfErrorSeconds + skewSeconds;
  return [
    { where: 'exchange', until: after(NOTIFIED_SECONDS), because: `${told} after ${String(propagationSeconds)} s` },
    { where: 'check', until: after(NOTIFIED_SECONDS), because: `${told} after ${String(propagationSeconds)} s` },
    { where: 'sdk', until: after(SDK_POLL_SECONDS + NOTIFIED_SECONDS), because: 'it reads the signed cut-offs every 30 s' },
    {
      where: 'plain libraries',
      until: after(cached),
      because: 'they drop the key when their copy of the key set ends, at the latest',
    },
  ];
}
