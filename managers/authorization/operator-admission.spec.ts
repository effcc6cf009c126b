import { describe, expect, it } from '@jest/globals';
import type { IssuedClaims, IssuedVerdict } from '#engines/signing/contract.js';
import { admitOperator } from './operator-admission.js';

const claims: IssuedClaims = {
  tokenId: 'jti-1',
  kid: 'k',
  subject: 'u_olga',
  clientId: 'ops-cli',
  actor: null,
  audience: 'countersign',
  tenant: 'platform',
  scope: '',
  permissions: ['countersign:key:read'],
  issuedAt: 1,
  expiresAt: 2,
  policyVersion: 'main@1',
  epoch: 1,
};
const admitted = (changes: Partial<IssuedClaims>, permission = 'countersign:key:read'): string => {
  const verdict: IssuedVerdict = { genuine: true, claims: { ...claims, ...changes } };
  try {
    return admitOperator(verdict, permission).subject;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('admitOperator', () => {
  it('lets in who holds the permission in the tenant of operators', () => {
    expect(admitted({})).toBe('u_olga');
  });

  it('refuses who does not hold it', () => {
    expect(admitted({}, 'countersign:key:revoke')).toBe('OPERATOR_NOT_PERMITTED');
    expect(admitted({ permissions: ['countersign:key:read:x', 'countersign:key'] })).toBe('OPERATOR_NOT_PERMITTED');
  });

  it('refuses a token of another tenant, whatever its policy grants', () => {
    expect(admitted({ tenant: 'acme', permissions: ['countersign:key:read'] })).toBe('OPERATOR_UNAUTHENTICATED');
  });

  it('refuses a token that somebody else holds for the operator', () => {
    expect(admitted({ actor: 'c_orders' })).toBe('OPERATOR_UNAUTHENTICATED');
  });

  it('refuses a token that is not genuine', () => {
    const attempt = (): unknown => admitOperator({ genuine: false, fault: 'expired' }, 'countersign:key:read');
    expect(attempt).toThrow('The operator could not be authenticated.');
  });
});
