import { describe, expect, it } from '@jest/globals';
import type { GrantCase } from '#engines/delegation/contract.js';
import { DefaultDelegationEngine } from '#engines/delegation/default.delegation.engine.js';
import { authorizationServerMetadata } from '../../../clients/rest/server-metadata.js';

/** A grant that is new in the metadata has to be brought here, and with that before every restriction. */
const CASES_OF: Readonly<Record<string, readonly GrantCase[]>> = {
  'urn:ietf:params:oauth:grant-type:token-exchange': ['own', 'on-behalf-of', 'impersonation'],
};

const metadata = authorizationServerMetadata({
  issuer: 'https://auth.acme.test',
  clientAuthentication: [],
  assertionAlgorithms: [],
  proofAlgorithms: [],
  mutualTls: false,
  signingAlgorithms: [],
  administration: [],
});
const grants = metadata['grant_types_supported'] as readonly string[];

describe('GHSA-7qjx-gp9h-65qj: every grant of the metadata', () => {
  it('is known here by the cases that it has', () => {
    expect(grants).toEqual(Object.keys(CASES_OF));
  });

  it.each(grants.flatMap((grant) => (CASES_OF[grant] ?? []).map((each) => [grant, each] as const)))(
    '%s, %s: is met by every restriction, or exempt from it with a reason',
    (_grant, each) => {
      const restrictions = new DefaultDelegationEngine().restrictions();
      expect(restrictions.length).toBeGreaterThan(10);
      for (const { name, cases, exempt } of restrictions) {
        const reason = exempt[each] ?? '';
        expect([name, cases.includes(each), reason !== '']).toEqual([name, reason === '', reason !== '']);
      }
    },
  );
});
