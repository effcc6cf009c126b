import { expect, it } from '@jest/globals';
import { importVerificationKeys } from '#accessors/issuer/jwk-import.js';
import { StrictJwsParser } from '#engines/token-validation/strict-jws.parser.js';
import { stageVerdict, VECTOR_ALGORITHMS } from './jws-stage.js';
import { describeVectors, wycheproofCases, type JwkSet } from './vector-files.js';

/** Labelled valid, and refused all the same: sets of HMAC keys, and a key set never holds a secret. */
const SYMMETRIC = [2, 13, 14, 15];

/** Why the entries of a set were left out, by test case; whatever is not named holds symmetric keys alone. */
const REASONS: Readonly<Record<number, string>> = {
  4: 'kid-duplicate',
  6: 'use-not-signature',
  7: 'rsa-roca',
  8: 'rsa-too-short',
  9: 'rsa-exponent',
  19: 'algorithm-not-allowed',
  20: 'algorithm-not-allowed',
  21: 'use-not-signature',
  22: 'not-on-curve',
  23: 'algorithm-not-allowed',
  24: 'algorithm-not-allowed',
};

describeVectors('Wycheproof JWK vectors', 'wycheproof/json_web_key_test.json', (text, count) => {
  const cases = wycheproofCases<JwkSet>(text);
  const parser = new StrictJwsParser();

  /** The key that the token asks for, also where its other parts are not well-formed. */
  const namedKey = (jws: string): string | null => {
    const parsed = parser.parseOpaque(`${jws.split('.')[0] ?? ''}.AA.AA`);
    return parsed.ok ? parsed.jws.header.keyId : null;
  };

  it('are all there', () => {
    expect(cases).toHaveLength(26);
    expect(cases.filter(({ vector }) => vector.result === 'invalid')).toHaveLength(21);
  });

  it.each(cases.map((one) => [one.vector.tcId, one.vector.comment, one] as const))('%i %s', (tcId, _comment, { vector, key }) => {
    count('the key importer');
    const imported = importVerificationKeys(key, VECTOR_ALGORITHMS);
    const kid = namedKey(vector.jws);
    const usable = imported.keys.some((candidate) => candidate.kid === kid);
    const good = vector.result === 'valid' && !SYMMETRIC.includes(tcId);
    expect({ usable, verdict: stageVerdict(vector.jws, key) === 'accepted' }).toEqual({ usable: good, verdict: good });
    const reasons = new Set(imported.refused.map((refusal) => refusal.reason));
    expect([...reasons]).toEqual(good ? [] : [REASONS[tcId] ?? 'key-type-symmetric']);
  });
});
