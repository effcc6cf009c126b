import { describe, expect, it } from '@jest/globals';
import { hash } from 'node:crypto';
import type { UsedId, UseOutcome } from '#accessors/grants/contract.js';
import type { DpopExpectation, DpopVerdict } from '#engines/token-validation/caller-proofs.contract.js';
import type { GrantSettings } from '#utilities/config/contract.js';
import type { PresentedKeys } from './contract.js';
import { type Sender, ShownKeys } from './shown-keys.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'rest' } as const;
const DER = Buffer.from('a certificate');
const THUMBPRINT = { 'x5t#S256': hash('sha256', DER, 'base64url') };
const CLIENT: Sender = { hasCredentials: true, accessToken: null };
const PUBLIC: Sender = { hasCredentials: false, accessToken: null };

const certificate = { der: DER, chainIsTrusted: false };
const dpop = { proof: 'a proof', method: 'POST', uri: 'https://auth.example.com/oauth2/token' };

interface Given {
  readonly nonce?: string | null;
  readonly outcome?: UseOutcome;
  readonly nonces?: GrantSettings['dpopNonces'];
  readonly verdict?: DpopVerdict;
}

function keys({ nonce = null, outcome = 'first', nonces = 'off', verdict }: Given = {}) {
  const asked: DpopExpectation[] = [];
  const used: UsedId[] = [];
  const shownKeys = new ShownKeys({
    callerProofs: {
      judgeDpop: (_context, expectation) => {
        asked.push(expectation);
        return verdict ?? { accepted: true, confirmation: { jkt: 'thumbprint' }, once: { id: 'jti', until: 9 }, nonce };
      },
    },
    dpopNonces: { current: () => 'fresh', isFresh: (_context, given) => given === 'fresh' },
    grantsAccess: {
      useOnce: (_context, id) => {
        used.push(id);
        return Promise.resolve(outcome);
      },
    },
    nonces,
  });
  const judge = (presented: PresentedKeys | undefined, sender = CLIENT) => shownKeys.judge(CONTEXT, presented, sender);
  return { shownKeys, judge, asked, used };
}

const ONCE = { use: 'dpop_proof', owner: 'thumbprint', id: 'jti', until: 9 };

describe('Keys that a caller shows', () => {
  it('are none where the transport has none', () => {
    expect(keys().judge(undefined)).toEqual({ shown: [], once: undefined });
    expect(keys().judge({ certificate: null, dpop: null })).toEqual({ shown: [], once: undefined });
  });

  it('are that of the certificate, trusted or not, and that of the proof', () => {
    expect(keys().judge({ certificate, dpop: null })).toEqual({ shown: [THUMBPRINT], once: undefined });
    expect(keys().judge({ certificate: null, dpop })).toEqual({ shown: [{ jkt: 'thumbprint' }], once: ONCE });
    expect(keys().judge({ certificate, dpop })).toEqual({ shown: [THUMBPRINT, { jkt: 'thumbprint' }], once: ONCE });
  });

  it('are not shown by a proof that is refused, whatever else is shown', () => {
    const verdict = { accepted: false, code: 'DPOP_PROOF_INVALID', actual: 'for operators', expected: 'for all' } as const;
    expect(() => keys({ verdict }).judge({ certificate, dpop })).toThrow(
      expect.objectContaining({ code: 'DPOP_PROOF_INVALID', details: { internal: 'for operators', expected: 'for all' } }),
    );
  });

  it('are judged for the token that comes with the proof', () => {
    const here = keys();
    here.judge({ certificate: null, dpop }, { hasCredentials: true, accessToken: 'a token' });
    expect(here.asked).toEqual([{ ...dpop, accessToken: 'a token' }]);
  });

  it('are used up only when that is asked for, and once', async () => {
    const here = keys();
    here.judge({ certificate: null, dpop });
    expect(here.used).toEqual([]);
    expect(await here.shownKeys.use(CONTEXT, ONCE as UsedId)).toBe('first');
    expect(here.used).toEqual([ONCE]);
    expect(await keys({ outcome: 'first-here' }).shownKeys.use(CONTEXT, ONCE as UsedId)).toBe('first-here');
    await expect(keys({ outcome: 'repeated' }).shownKeys.use(CONTEXT, ONCE as UsedId)).rejects.toMatchObject({
      code: 'DPOP_PROOF_INVALID',
    });
  });

  it.each<[GrantSettings['dpopNonces'], string | null, Sender, boolean]>([
    ['off', null, CLIENT, true],
    ['off', null, PUBLIC, true],
    ['off', 'fresh', CLIENT, true],
    ['off', 'stale', CLIENT, false],
    ['public-clients', null, CLIENT, true],
    ['public-clients', null, PUBLIC, false],
    ['public-clients', 'fresh', PUBLIC, true],
    ['public-clients', 'stale', PUBLIC, false],
    ['required', null, CLIENT, false],
    ['required', null, PUBLIC, false],
    ['required', 'fresh', CLIENT, true],
    ['required', 'stale', CLIENT, false],
    ['required', '', CLIENT, false],
  ])('need a nonce as the installation has chosen: %s, %p', (nonces, nonce, sender, isGood) => {
    const judging = () => keys({ nonces, nonce }).judge({ certificate: null, dpop }, sender);
    if (isGood) expect(judging().shown).toEqual([{ jkt: 'thumbprint' }]);
    else expect(judging).toThrow(expect.objectContaining({ code: 'DPOP_NONCE_REQUIRED', details: { nonce: 'fresh' } }));
  });
});
