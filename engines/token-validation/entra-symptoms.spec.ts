import { describe, expect, it } from '@jest/globals';
import { ValidationBench } from '../../test/vectors/validation-bench.js';
import type { Finding } from './contract.js';

import { accepting, APP, type Symptom } from './fixtures/entra-symptom.fixture.js';
import { PROVEN_TOKEN_SYMPTOMS } from './fixtures/proven-token.symptoms.js';
import { UNPROVEN_TOKEN_SYMPTOMS } from './fixtures/unproven-token.symptoms.js';

const SYMPTOMS = { ...UNPROVEN_TOKEN_SYMPTOMS, ...PROVEN_TOKEN_SYMPTOMS };

/** Symptoms that this engine cannot see, each with the place where they are tested. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'V01: no token': 'test/e2e/entra-diagnosis.e2e.spec.ts',
  'V39: groups left out': 'principal.spec.ts; what becomes of them: managers/authorization',
  'V40: identity by a name that can change': 'cve.spec.ts, nOAuth: no such claim is ever part of an identity',
  'V45: replicas disagree': 'test/e2e/replicas.e2e.spec.ts',
};

async function findingOf(symptom: Symptom): Promise<Finding> {
  const bench = new ValidationBench(symptom.entra === undefined ? {} : { entra: symptom.entra });
  const report = await bench.validate(symptom.token(bench));
  if (report.outcome === 'rejected') return report.findings[0];
  throw new Error('The token was accepted.');
}

describe.each(Object.entries(SYMPTOMS))('%s', (_name, symptoms) => {
  it.each(symptoms)('$title: $code', async (symptom) => {
    const finding = await findingOf(symptom);
    expect(finding.code).toBe(symptom.code);
    expect(finding.actual).toMatch(symptom.actual);
    expect(finding.expected).toMatch(symptom.expected);
    expect(finding.remedy).toMatch(symptom.remedy);
  });
});

describe('The table of symptoms', () => {
  it('knows all 45', () => {
    const told = [...Object.keys(SYMPTOMS), ...Object.keys(ELSEWHERE)].join(' ').match(/V\d\d/gu);
    const all = Array.from({ length: 45 }, (_, index) => `V${String(index + 1).padStart(2, '0')}`);
    expect([...(told ?? [])].sort()).toEqual(all);
  });
});

describe('A step-up', () => {
  const bench = new ValidationBench({ entra: accepting({ requiredAuthContext: 'c1' }) });
  const claimsFor = async (changes: Readonly<Record<string, unknown>>): Promise<string | undefined> => {
    const report = await bench.validate(bench.v2Token(changes));
    return report.outcome === 'accepted' ? 'accepted' : report.findings[0].claims;
  };

  it('is asked for by a claims request, of clients that understand one', async () => {
    for (const capability of ['cp1', 'CP1', ['other', 'Cp1']]) {
      const claims = await claimsFor({ xms_cc: capability });
      expect(Buffer.from(String(claims), 'base64').toString()).toBe('{"access_token":{"acrs":{"essential":true,"value":"c1"}}}');
    }
    for (const capability of [undefined, 'cp', 'cp1 cp2', ['cp10'], { cp1: true }])
      expect(await claimsFor({ xms_cc: capability })).toBeUndefined();
  });

  it('is met by the context itself, and asked of users alone', async () => {
    for (const acrs of [['c1'], ['c2', 'c1'], 'c1']) expect(await claimsFor({ acrs })).toBe('accepted');
    for (const acrs of [['c10'], 'c1 c2', ['C1'], [], 1]) expect(await claimsFor({ acrs, xms_cc: 'cp1' })).not.toBe('accepted');
    expect(await claimsFor({ ...APP, roles: ['R'] })).toBe('accepted');
  });
});
