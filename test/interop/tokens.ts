import type { InteropWorld } from './interop.world.js';

/** Tokens of the identity provider to hand in, good ones and bad ones. */
export function subjectTokens({ service: { identityProvider }, away }: InteropWorld): Readonly<Record<string, string>> {
  const ended = Math.floor(Date.now() / 1000) - 600;
  return {
    alice: identityProvider.issue({ persona: 'alice' }),
    bob: identityProvider.issue({ persona: 'bob' }),
    expired: identityProvider.issue({ persona: 'alice', overrides: { iat: ended - 3600, nbf: ended - 3600, exp: ended } }),
    away: away.issue({ persona: 'alice' }),
  };
}
