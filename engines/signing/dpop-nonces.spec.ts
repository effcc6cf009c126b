import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { KeyedDpopNonces } from './dpop-nonces.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'rest' } as const;
const MINUTE = 60_000;

function nonces(clock = new ManualClock(), secret = 'of this installation') {
  let digests = 0;
  const keyAccess = {
    keyedDigest: (_context: unknown, purpose: string, message: string) => {
      digests += 1;
      return createHmac('sha256', secret).update(`${purpose}:${message}`).digest('base64url');
    },
  };
  const made = new KeyedDpopNonces({ keyAccess, clock });
  return {
    clock,
    made,
    digests: () => digests,
    current: () => made.current(CONTEXT),
    fresh: (nonce: string) => made.isFresh(CONTEXT, nonce),
  };
}

describe('Nonces for DPoP proofs', () => {
  it('are good for two minutes at least and five at most, on every replica, and nothing is kept', () => {
    const [here, there] = [nonces(), nonces()];
    const nonce = here.current();
    expect(there.fresh(nonce)).toBe(true);
    here.clock.advance(2 * MINUTE);
    expect(here.fresh(nonce)).toBe(true);
    here.clock.advance(3 * MINUTE);
    expect(here.fresh(nonce)).toBe(false);
    expect(here.current()).not.toBe(nonce);
  });

  it('are good where the clock of the replica that made them is ahead', () => {
    const [ahead, here] = [nonces(), nonces()];
    ahead.clock.advance(2 * MINUTE);
    expect(here.fresh(ahead.current())).toBe(true);
    ahead.clock.advance(10 * MINUTE);
    expect(here.fresh(ahead.current())).toBe(false);
  });

  it('cannot be made by anybody else', () => {
    const here = nonces();
    expect(here.fresh(nonces(new ManualClock(), 'of another').current())).toBe(false);
    for (const guess of ['', '0', here.current().slice(0, -1), `${here.current()}=`, here.current().toUpperCase()])
      expect(here.fresh(guess)).toBe(false);
  });

  it('cost one set of digests for each span', () => {
    const here = nonces();
    for (let count = 0; count < 100; count += 1) here.fresh(here.current());
    expect(here.digests()).toBe(3);
  });
});
