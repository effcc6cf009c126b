import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { auditRow } from './audit-row.js';
import type { RefusalRecord } from './contract.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'rest' } as const;
const stamp = { id: '01990000-0000-7000-8000-000000000001', at: 1_790_000_000_123 };
const refusal: RefusalRecord = {
  outcome: 'refused',
  tenantId: null,
  clientId: 'orders-api',
  code: 'TARGET_UNKNOWN',
  issuer: null,
  audience: 'https://x',
  subjectTokenSha256: null,
  detail: 'why',
};

describe('Audit rows', () => {
  describe('CVE-2024-8365: tokens and secrets in the audit trail', () => {
    it('takes no member that the record type does not have', () => {
      const withMore = { ...refusal, subjectToken: 'canary', clientSecret: 'canary' };
      expect(JSON.stringify(auditRow(context, withMore, stamp))).not.toContain('canary');
      const change = { outcome: 'changed', what: 'a', detail: 'b', secret: 'canary' } as const;
      expect(JSON.stringify(auditRow(context, change, stamp))).not.toContain('canary');
    });
  });

  it('hold what the record says, under the names of the columns', () => {
    expect(row(refusal)).toEqual({
      tenant_id: PLATFORM_TENANT,
      id: stamp.id,
      at: stamp.at,
      outcome: 'refused',
      diagnostic_id: context.diagnosticId,
      transport: 'rest',
      client_id: 'orders-api',
      code: 'TARGET_UNKNOWN',
      audience: 'https://x',
      detail: 'why',
    });
  });

  it('tell what can be erased from what stays', () => {
    const { fixed, erasable } = auditRow(context, { ...refusal, subjectTokenSha256: 'ab' }, stamp);
    expect(JSON.parse(erasable)).toEqual({ subject_token_sha256: 'ab', detail: 'why' });
    expect(fixed).not.toMatch(/subject_token_sha256|detail/);
  });

  it('cut texts that callers choose to 1 000 characters', () => {
    const long = 'x'.repeat(5_000);
    const cut = row({ ...refusal, clientId: long, audience: long, issuer: long, detail: long });
    for (const member of ['client_id', 'audience', 'issuer', 'detail']) expect(String(cut[member])).toHaveLength(1_000);
  });

  it('replace what PostgreSQL takes in no text, and nothing else', () => {
    expect(row({ ...refusal, detail: 'a\0b' })['detail']).toBe('a\ufffdb');
    expect(row({ ...refusal, detail: 'a\ud800b\udc00c' })['detail']).toBe('a\ufffdb\ufffdc');
    expect(row({ ...refusal, detail: '\u{1F511} \\u0000 \u0001 \n "' })['detail']).toBe('\u{1F511} \\u0000 \u0001 \n "');
    expect(row({ ...refusal, detail: '\u{1F511}\0' })['detail']).toBe('\u{1F511}\ufffd');
  });

  it('replace half a character that the cut leaves behind', () => {
    const cut = String(row({ ...refusal, detail: `${'x'.repeat(999)}\u{1F511}` })['detail']);
    expect(cut).toBe(`${'x'.repeat(999)}\ufffd`);
  });

  it('never contain NUL or half a surrogate pair, whatever a caller sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 60 }), (text) => {
        const { audience, detail } = row({ ...refusal, audience: text, detail: text });
        for (const value of [audience, detail]) expect(String(value)).not.toMatch(/\0|\p{Cs}/u);
      }),
    );
  });
});

function row(record: RefusalRecord): Record<string, unknown> {
  const { fixed, erasable } = auditRow(context, record, stamp);
  return { ...(JSON.parse(fixed) as object), ...(JSON.parse(erasable) as object) };
}
