import { describe, expect, it } from '@jest/globals';
import type { UsedId, UseOutcome } from '#accessors/grants/contract.js';
import type { IssuedExpectation } from '#engines/signing/contract.js';
import type { DpopExpectation } from '#engines/token-validation/caller-proofs.contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { OperatorToken, PresentedKeys, ShownKey } from './contract.js';
import { OperatorKeys } from './operator-keys.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'rest' } as const;
const PROOF: PresentedKeys = {
  certificate: null,
  dpop: { proof: 'proof', method: 'GET', uri: 'https://auth.example.com/admin/v1/keys' },
};
const CERTIFICATE: PresentedKeys = { certificate: { der: Buffer.from('der'), chainIsTrusted: true }, dpop: null };
const REFUSED = { code: 'OPERATOR_UNAUTHENTICATED' };

interface World {
  readonly cnf?: ShownKey | null;
  readonly nonce?: string | null;
  readonly outcome?: UseOutcome;
  readonly proofIsGood?: boolean;
}

/** A token of ours that is bound to `cnf`, and a proof of the key `mine`. */
function keysOf({ cnf = null, nonce = null, outcome = 'first', proofIsGood = true }: World) {
  const used: UsedId[] = [];
  const judged: DpopExpectation[] = [];
  const parts = {
    nonces: 'off',
    dpopNonces: { current: () => 'fresh', isFresh: (_context: unknown, given: string) => given === 'fresh' },
    callerProofs: {
      judgeDpop: (_context: unknown, expectation: DpopExpectation) => {
        judged.push(expectation);
        return proofIsGood
          ? { accepted: true, confirmation: { jkt: 'mine' }, once: { id: 'jti', until: 9 }, nonce }
          : { accepted: false, code: 'DPOP_PROOF_INVALID', actual: 'no', expected: 'yes' };
      },
    },
    grantsAccess: {
      useOnce: (_context: unknown, id: UsedId) => {
        used.push(id);
        return Promise.resolve(outcome);
      },
    },
    signingEngine: {
      verifyIssued: (_context: unknown, _token: string, { shown }: IssuedExpectation) => {
        const isShown = cnf === null || (shown !== 'any' && shown.some((key) => JSON.stringify(key) === JSON.stringify(cnf)));
        return isShown ? { genuine: true, claims: { confirmation: cnf } } : { genuine: false, fault: 'sender-constrained' };
      },
    },
  } as unknown as AuthorizationParts;
  const verify = async (scheme: OperatorToken['scheme'], presented?: PresentedKeys) => {
    const keys = new OperatorKeys(parts);
    const reading = keys.read(CONTEXT, { token: 'token', scheme, presented });
    await keys.use(CONTEXT, reading);
    return reading.verdict;
  };
  return { verify, used, judged };
}

describe('The token of an operator', () => {
  it('is good as a bearer token where it is bound to nothing', async () => {
    expect(await keysOf({}).verify('Bearer')).toMatchObject({ genuine: true });
    expect(await keysOf({}).verify('Bearer', CERTIFICATE)).toMatchObject({ genuine: true });
  });

  it('that is bound to a key of a proof is good with that proof, made for this token, once', async () => {
    const { verify, used, judged } = keysOf({ cnf: { jkt: 'mine' } });
    expect(await verify('DPoP', PROOF)).toMatchObject({ genuine: true });
    expect(judged).toMatchObject([{ accessToken: 'token', method: 'GET' }]);
    expect(used).toMatchObject([{ use: 'dpop_proof', owner: 'mine', id: 'jti' }]);
    await expect(keysOf({ cnf: { jkt: 'mine' }, outcome: 'repeated' }).verify('DPoP', PROOF)).rejects.toMatchObject(REFUSED);
  });

  it('that is bound is good with nothing else, and nothing is used up by it', async () => {
    const { verify, used } = keysOf({ cnf: { jkt: 'another' } });
    expect(await verify('Bearer')).toMatchObject({ genuine: false });
    expect(await verify('Bearer', CERTIFICATE)).toMatchObject({ genuine: false });
    expect(await verify('DPoP', PROOF)).toMatchObject({ genuine: false });
    expect(used).toEqual([]);
  });

  it('comes with a proof under the scheme DPoP, and under no other', async () => {
    const { verify } = keysOf({ cnf: { jkt: 'mine' } });
    await expect(verify('Bearer', PROOF)).rejects.toMatchObject(REFUSED);
    await expect(verify('DPoP')).rejects.toMatchObject(REFUSED);
    await expect(verify('DPoP', CERTIFICATE)).rejects.toMatchObject(REFUSED);
    await expect(keysOf({}).verify('DPoP', PROOF)).rejects.toMatchObject(REFUSED);
  });

  it('is refused as any other where the proof is not good, and told the nonce where that is what is missing', async () => {
    await expect(keysOf({ proofIsGood: false }).verify('DPoP', PROOF)).rejects.toMatchObject({
      ...REFUSED,
      details: { internal: 'no' },
    });
    await expect(keysOf({ cnf: { jkt: 'mine' }, nonce: 'stale' }).verify('DPoP', PROOF)).rejects.toMatchObject({
      ...REFUSED,
      details: { nonce: 'fresh' },
    });
  });
});
