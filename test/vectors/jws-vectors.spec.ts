import { describe, expect, it } from '@jest/globals';
import type { JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importVerificationKeys } from '#accessors/issuer/jwk-import.js';
import { stageVerdict, VECTOR_ALGORITHMS } from './jws-stage.js';
import { oidcIssuer, OIDC_ISSUER } from './stub.issuer.access.js';
import { ValidationBench } from './validation-bench.js';
import { describeVectors, wycheproofCases } from './vector-files.js';

/** Which vectors are accepted, and for each other that is labelled valid, why it is not. Whatever it does not name is refused. */
interface Verdicts {
  readonly accepted: readonly number[];
  /** Test case to the name of a reason. */
  readonly refusedThoughValid: Readonly<Record<string, string>>;
  readonly reasons: Readonly<Record<string, { readonly verdict: string; readonly why: string }>>;
}

const verdicts = JSON.parse(readFileSync(join(import.meta.dirname, 'jws-verdicts.json'), 'utf8')) as Verdicts;
const accepted = new Set(verdicts.accepted);

describeVectors('Wycheproof JWS vectors', 'wycheproof/json_web_signature_test.json', (text, count) => {
  const cases = wycheproofCases<JsonWebKey>(text);

  it('are all there, and their verdicts are complete', () => {
    expect(cases).toHaveLength(401);
    const valid = cases.filter(({ vector }) => vector.result === 'valid').map(({ vector }) => vector.tcId);
    const decided = [...verdicts.accepted, ...Object.keys(verdicts.refusedThoughValid).map(Number)];
    expect(decided.sort((a, b) => a - b)).toEqual(valid);
    expect(accepted.size).toBe(26);
  });

  describe('Parser and signature stage with opaque payload', () => {
    it.each(cases.map((one) => [one.vector.tcId, one.vector.comment, one] as const))(
      '%i %s',
      (tcId, _comment, { vector, key }) => {
        count('parser and signature');
        const verdict = stageVerdict(vector.jws, { keys: [key] });
        expect(verdict === 'accepted').toBe(accepted.has(tcId));
        const reason = verdicts.refusedThoughValid[tcId];
        if (reason !== undefined) expect(verdict).toMatch(new RegExp(verdicts.reasons[reason]?.verdict ?? 'no such reason', 'u'));
      },
    );
  });

  describe('The full validator', () => {
    it.each(cases.map((one) => [one.vector.tcId, one.vector.comment, one] as const))(
      '%i %s is refused',
      async (_tcId, _comment, { vector, key }) => {
        count('the full validator');
        const bench = new ValidationBench();
        const issuer = oidcIssuer({ algorithms: VECTOR_ALGORITHMS, acceptedTypes: ['JWT', 'at+jwt'] });
        bench.trust(issuer, OIDC_ISSUER, importVerificationKeys({ keys: [key] }, VECTOR_ALGORITHMS).keys);
        expect(await bench.verdict(vector.jws)).not.toBe('accepted');
        expect((await bench.inspect(vector.jws)).outcome).toBe('rejected');
      },
    );
  });
});
