import { describe, expect, it } from '@jest/globals';
import type { RevocationTarget, StandingRevocation } from '#accessors/grants/revocation.contract.js';
import { toldRevocations } from './told-revocations.js';

const NOW = 1_790_000_000;
const DAY = 86_400;
const standing = (target: RevocationTarget, before = NOW, until = NOW + 600): StandingRevocation => ({ target, before, until });
const token = (tokenId: string, subject: string | null, before = NOW): StandingRevocation =>
  standing({ by: 'token', tokenId, of: subject === null ? null : { tenant: 'acme', subject, clientId: 'portal' } }, before);

describe('What offline verifiers are told of revocations', () => {
  it('is each of them by name, with the time before which it counts', () => {
    const told = toldRevocations(
      [
        token('t-1', 'u_1'),
        standing({ by: 'subject', tenant: 'acme', subject: 'u_2' }, NOW - 1),
        standing({ by: 'client', clientId: 'portal' }, NOW - 2),
        standing({ by: 'tenant', tenant: 'globex' }, NOW - 3),
      ],
      NOW,
    );
    expect(told).toEqual({
      tokens: ['t-1'],
      subjects: [{ tenant: 'acme', subject: 'u_2', before: NOW - 1 }],
      clients: [{ clientId: 'portal', before: NOW - 2 }],
      tenants: [{ tenant: 'globex', before: NOW - 3 }],
    });
  });

  it('leaves out what no verifier can take any more, and nothing else', () => {
    const ended = (until: number): StandingRevocation => ({ ...token('t', 'u'), until });
    const cut = (before: number): StandingRevocation => standing({ by: 'client', clientId: 'c' }, before, NOW + 400 * DAY);
    expect(toldRevocations([ended(NOW - 3_601), cut(NOW - DAY - 3_601)], NOW)).toMatchObject({ tokens: [], clients: [] });
    expect(toldRevocations([ended(NOW - 3_600), cut(NOW - DAY - 3_600)], NOW)).toMatchObject({ tokens: ['t'], clients: [{}] });
  });

  it('names subjects, and then tenants, where there are too many: never less than what is revoked', () => {
    const bounds = { tokens: 2, subjects: 2 };
    const three = [token('t-1', 'u_1', NOW - 5), token('t-2', 'u_1', NOW - 3), token('t-3', 'u_2', NOW - 4), token('t-4', null)];
    expect(toldRevocations(three, NOW, bounds)).toEqual({
      tokens: ['t-4'],
      subjects: [
        { tenant: 'acme', subject: 'u_1', before: NOW - 3 },
        { tenant: 'acme', subject: 'u_2', before: NOW - 4 },
      ],
      clients: [],
      tenants: [],
    });
    expect(toldRevocations([...three, token('t-5', 'u_3', NOW - 1)], NOW, bounds)).toMatchObject({
      tokens: ['t-4'],
      subjects: [],
      tenants: [{ tenant: 'acme', before: NOW - 1 }],
    });
  });
});
