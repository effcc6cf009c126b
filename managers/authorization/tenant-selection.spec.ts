import { describe, expect, it } from '@jest/globals';
import { selectTenant } from './tenant-selection.js';

const acme = { tenantId: 'id-acme', slug: 'acme', when: null };
const globex = { tenantId: 'id-globex', slug: 'globex', when: null };
const refusal = (...parameters: Parameters<typeof selectTenant>): string => {
  try {
    return selectTenant(...parameters).slug;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('selectTenant', () => {
  it('takes the one that the issuer gives', () => {
    expect(refusal([acme], undefined)).toBe('acme');
    expect(refusal([acme], 'acme')).toBe('acme');
    expect(refusal([acme, acme], undefined)).toBe('acme');
  });

  it('lets the request choose among several and refuses to guess', () => {
    expect(refusal([acme, globex], 'globex')).toBe('globex');
    expect(refusal([acme, globex], undefined)).toBe('TENANT_AMBIGUOUS');
  });

  it('lets whoever names it work in the tenant of operators, where being registered is everything', () => {
    expect(refusal([acme], 'platform')).toBe('platform');
    expect(refusal([acme], undefined)).not.toBe('platform');
  });

  it('never lets the request choose what the issuer does not give', () => {
    expect(refusal([acme], 'globex')).toBe('TENANT_NOT_ALLOWED');
    expect(refusal([], 'acme')).toBe('TENANT_UNRESOLVED');
  });
});
